const places = ['杭州', '苏州', '宁波', '深圳', '成都', '青岛', '厦门', '武汉', '西安', '长沙']
const words = ['云帆', '星河', '远山', '明德', '锦程', '海棠', '朗润', '同舟', '青禾', '博雅']
const trades = ['科技', '贸易', '机械', '医疗', '物流', '教育', '食品', '建材', '能源', '传媒']
const heads = [
  'Harbour',
  'Copper',
  'Northern',
  'Silver',
  'Willow',
  'Granite',
  'Cedar',
  'Lantern',
  'Summit',
  'Delta',
]
const tails = [
  'Tools',
  'Foods',
  'Systems',
  'Freight',
  'Textiles',
  'Optics',
  'Paper',
  'Motors',
  'Clinics',
  'Energy',
]
const forms = ['Ltd', 'GmbH', 'Inc', 'Group', 'Partners', 'Works', 'Co', 'Labs', 'Holdings', 'Trading']

const pick = (list: readonly string[], at: number): string => list[at % list.length] ?? ''

/** Names of companies that do not exist, all different, Chinese and English by turns; up to 2,000 of them. */
export function companyName(index: number): string {
  const half = Math.floor(index / 2)
  const [a, b, c] = [half, Math.floor(half / 10), Math.floor(half / 100)]
  return index % 2 === 0
    ? `${pick(places, a)}${pick(words, b)}${pick(trades, c)}有限公司`
    : `${pick(heads, a)} ${pick(tails, b)} ${pick(forms, c)}`
}

/** A customer of that name with a phone number and a status of its own. */
export function company(index: number): Record<string, unknown> {
  const status = ['lead', 'prospect', 'active', 'lost'][index % 4]
  const level = ['A', 'B', 'C', null][Math.floor(index / 4) % 4]
  return {
    kind: 'company',
    name: companyName(index),
    phone: `138${String(10_000_000 + index * 37).slice(-8)}`,
    status,
    level,
  }
}
