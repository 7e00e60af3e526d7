/**
 * What stands in an avatar: the first Han character of a company, the last of a person (王小明 is 明), else
 * two initials.
 */
export function initialsOf(name: string, isCompany = false): string {
  const text = name.trim()
  const han = text.match(/\p{Script=Han}/gu)
  if (han) return (isCompany ? han[0] : han.at(-1)) ?? ''
  const words = text.split(/\s+/).filter(Boolean)
  return ((words[0]?.[0] ?? '') + (words.length > 1 ? (words.at(-1)?.[0] ?? '') : '')).toUpperCase()
}
