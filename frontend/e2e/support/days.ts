/** The date of some days ago where the people of the journeys are, whatever the hour is here. */
export function dayAgo(days: number): string {
  const moment = new Date(Date.now() - days * 86_400_000)
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(moment)
}
