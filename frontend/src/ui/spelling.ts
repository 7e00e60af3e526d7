const collator = new Intl.Collator('zh-Hans-CN', { sensitivity: 'accent' })
// The first character of each letter in the order of pinyin; no word begins with i, u or v.
const firsts = [...'阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥扨它穵夕丫帀']
const letters = 'abcdefghjklmnopqrstwxyz'
const han = /\p{Script=Han}/u

function initial(character: string): string {
  if (!han.test(character)) return character
  const at = firsts.findLastIndex((first) => collator.compare(first, character) <= 0)
  return letters[at] ?? character
}

/** Whether a label holds a word as it is typed: ignoring case and width, or by the initials of its pinyin. */
export function isSpelt(label: string, word: string): boolean {
  const folded = label.normalize('NFKC').toLowerCase()
  if (folded.includes(word)) return true
  if (!/^[a-z]+$/.test(word) || !han.test(folded)) return false
  return [...folded].map(initial).join('').includes(word)
}
