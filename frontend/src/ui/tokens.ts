/** Grounds on which running text may stand, with the inks that are used on them. */
const inks = ['ink', 'ink-2', 'ink-3', 'accent-ink'] as const
const grounds = ['canvas', 'surface', 'raised', 'sunken', 'hover', 'selected', 'flash'] as const

/** The hues of badges, tags, stages and avatars. */
export const hues = ['gray', 'blue', 'violet', 'teal', 'green', 'amber', 'orange', 'red', 'pink'] as const

/** One hue of the palette. */
export type Hue = (typeof hues)[number]

/** Every pair of (ink, ground) that appears on a screen; each must reach 4.5:1 in both themes. */
export const textPairs: readonly (readonly [ink: string, ground: string])[] = [
  ...grounds.flatMap((ground) => inks.map((ink) => [ink, ground] as const)),
  ...hues.map((hue) => [`${hue}-ink`, `${hue}-soft`] as const),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
  ['on-danger', 'danger'],
  ['accent-ink', 'accent-soft'],
  ['on-tip', 'tip'],
  ['red-ink', 'surface'],
  ['red-ink', 'raised'],
  ['green-ink', 'surface'],
  ['amber-ink', 'surface'],
]

/** The fills of charts. */
const fills = [
  'chart-1',
  'chart-2',
  'chart-3',
  'chart-4',
  'chart-5',
  'chart-up',
  'chart-down',
  'chart-rest',
] as const

/** Borders of controls, focus rings and what charts draw: 3:1 is asked of them. */
export const edgePairs: readonly (readonly [edge: string, ground: string])[] = [
  ['control', 'surface'],
  ['control', 'raised'],
  ['ring', 'surface'],
  ['ring', 'canvas'],
  ['ring', 'raised'],
  ...fills.flatMap((fill) => [[fill, 'surface'] as const, [fill, 'canvas'] as const]),
]

const named: Record<string, Hue> = {
  grey: 'gray',
  yellow: 'amber',
  purple: 'violet',
  indigo: 'violet',
  cyan: 'teal',
}

/** Maps any colour name of the server onto the palette; unknown names are gray. */
export function hueOf(colour: string | null | undefined): Hue {
  const name = (colour ?? '').toLowerCase()
  return hues.find((hue) => hue === name) ?? named[name] ?? 'gray'
}

/** Gives a text (a tag, a person's name) a hue that is the same everywhere and every day. */
export function hueFor(text: string): Hue {
  let hash = 7
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hues[1 + (hash % (hues.length - 1))] ?? 'gray'
}
