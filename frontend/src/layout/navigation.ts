import type { Component } from 'vue'
import { Building2, Handshake } from '@lucide/vue'
import type { RouteRecordRaw } from 'vue-router'

/** A place of the sidebar, the tab bar, the palette and `G` + key. Only pages that exist stand here. */
export interface Place {
  /** Name of the route. */
  name: string
  label: string
  icon: Component
  /** Second key after `G`. */
  key: string
  /** Shown to people with this permission only. */
  permission?: string
  /** Stands in the tab bar of a phone. */
  onPhone?: boolean
}

/** The places, in their order. Labels are keys of the word files. */
export const places: readonly Place[] = [
  { name: 'customers', label: 'nav.customers', icon: Building2, key: 'c', onPhone: true },
  {
    name: 'deals',
    label: 'nav.deals',
    icon: Handshake,
    key: 'd',
    permission: 'deal:read',
    onPhone: true,
  },
]

/** Pages inside the shell; each is a chunk of its own. `title` is a key of the word files. */
export const pages: readonly RouteRecordRaw[] = [
  { path: '/', name: 'home', redirect: { name: 'customers' } },
  {
    path: '/customers',
    name: 'customers',
    component: () => import('@/customer/CustomerListPage.vue'),
    meta: { title: 'nav.customers', place: 'customers' },
  },
  {
    path: '/customers/:id(\\d+)',
    name: 'customer',
    component: () => import('@/customer/CustomerPage.vue'),
    meta: { title: 'nav.customers', place: 'customers' },
  },
  {
    path: '/deals',
    name: 'deals',
    component: () => import('@/deal/DealsPage.vue'),
    meta: { title: 'nav.deals', place: 'deals', permission: 'deal:read' },
  },
  {
    path: '/deals/:id(\\d+)',
    name: 'deal',
    component: () => import('@/deal/DealPage.vue'),
    meta: { title: 'nav.deals', place: 'deals', permission: 'deal:read' },
  },
  {
    path: '/settings',
    name: 'settings',
    component: () => import('@/auth/SettingsPage.vue'),
    meta: { title: 'nav.settings' },
  },
]
