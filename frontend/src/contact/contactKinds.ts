import { Handshake, Mail, MapPin, MessageCircle, Phone, StickyNote } from '@lucide/vue'
import type { Component } from 'vue'
import type { Contact } from '@/api/types'

/** The kinds of contact record with their signs, in the order of use. */
export const contactKinds: readonly { kind: Contact['kind']; icon: Component; key?: string }[] = [
  { kind: 'call', icon: Phone, key: 'l' },
  { kind: 'meeting', icon: Handshake, key: 'm' },
  { kind: 'visit', icon: MapPin },
  { kind: 'wechat', icon: MessageCircle },
  { kind: 'email', icon: Mail },
  { kind: 'note', icon: StickyNote, key: 'n' },
]

/** The sign of a kind. */
export function kindIcon(kind: string): Component {
  return contactKinds.find((entry) => entry.kind === kind)?.icon ?? StickyNote
}
