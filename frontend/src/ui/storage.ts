const prefix = 'lianxi.'

/** Reads what this device keeps under a name; null when nothing is kept or storage is forbidden. */
export function readStored<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(prefix + name)
    return text === null ? null : (JSON.parse(text) as T)
  } catch {
    return null
  }
}

/** Keeps a value on this device; a full or forbidden storage is no fault of the caller. */
export function writeStored(name: string, value: unknown): void {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(value))
  } catch {
    // The value then lasts as long as the tab.
  }
}

/** Forgets every value whose name begins so. */
export function removeStored(start: string): void {
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(prefix + start)) localStorage.removeItem(key)
  } catch {
    // Nothing was kept then.
  }
}
