import type { Component } from 'vue'

/** A row of a menu. */
export type MenuEntry =
  | { kind: 'line' }
  | { kind: 'title'; label: string }
  | {
      kind?: 'action'
      label: string
      run: () => void
      icon?: Component
      keys?: string | undefined
      checked?: boolean
      danger?: boolean
      disabled?: boolean
    }
