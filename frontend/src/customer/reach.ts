import type { Customer } from '@/api/types'

/** Numbers and addresses of the pool are told by a few characters only until somebody claims the customer. */
const isMasked = (text: string): boolean => text.includes('*')

/** The link that dials a customer; undefined where there is no number, or only a masked one. */
export function dialLink({
  phone,
  phone_e164: number,
}: Pick<Customer, 'phone' | 'phone_e164'>): string | undefined {
  const dialled = number ?? phone
  return dialled && !isMasked(dialled) && !isMasked(phone ?? '') ? `tel:${dialled}` : undefined
}

/** The link that writes to a customer. */
export function mailLink({ email }: Pick<Customer, 'email'>): string | undefined {
  return email && !isMasked(email) ? `mailto:${email}` : undefined
}

/** The customer's website; what is no web address is no link. */
export function siteLink({ website }: Pick<Customer, 'website'>): string | undefined {
  return website && /^https?:\/\//i.test(website) ? website : undefined
}
