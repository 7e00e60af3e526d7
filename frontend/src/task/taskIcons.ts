import { Handshake, MapPin, Phone, SquareCheck } from '@lucide/vue'
import type { Component } from 'vue'
import type { Task } from '@/api/types'

const icons: Record<Task['kind'], Component> = {
  todo: SquareCheck,
  call: Phone,
  visit: MapPin,
  meeting: Handshake,
}

/** The sign of a kind of task. */
export const taskIcon = (kind: Task['kind']): Component => icons[kind]
