// Puts the API documentation page beside the application: dist/docs/index.html and dist/docs-assets/.
import { copyFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const viewer = dirname(require.resolve('swagger-ui-dist/package.json'))

mkdirSync('dist/docs', { recursive: true })
mkdirSync('dist/docs-assets', { recursive: true })
copyFileSync('docs/index.html', 'dist/docs/index.html')
for (const file of ['page.js', 'page.css']) copyFileSync(join('docs', file), join('dist/docs-assets', file))
for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE', 'NOTICE']) {
  copyFileSync(join(viewer, file), join('dist/docs-assets', file))
}
