const browsers: readonly [RegExp, string][] = [
  [/MicroMessenger\//, 'WeChat'],
  [/Edg(?:e|A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/(?:Firefox|FxiOS)\//, 'Firefox'],
  [/(?:Chrome|CriOS)\//, 'Chrome'],
  [/Version\/.*Safari\//, 'Safari'],
]
const systems: readonly [RegExp, string][] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/HarmonyOS/, 'HarmonyOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** What a program says of itself, short: `Chrome · Windows`; null where it says nothing. */
export function deviceOf(agent: string | null | undefined): string | null {
  if (!agent) return null
  const named = [browsers, systems].map((list) => list.find(([shape]) => shape.test(agent))?.[1])
  // Programs name themselves: `curl/8.5.0`.
  return named.filter(Boolean).join(' · ') || agent.slice(0, 40)
}
