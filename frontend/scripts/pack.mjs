// Lays a gzip twin beside every text file worth it: the server hands it out without packing it each time.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

const texts = new Set(['.js', '.css', '.svg', '.html', '.json'])

for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  if (!entry.isFile() || !texts.has(extname(path))) continue
  const plain = readFileSync(path)
  if (plain.length < 1024) continue
  const packed = gzipSync(plain, { level: 9 })
  if (packed.length < plain.length) writeFileSync(`${path}.gz`, packed)
}
