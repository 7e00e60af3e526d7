import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { fileURLToPath, URL } from 'node:url'
import { baseCompile } from '@intlify/message-compiler'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vitest/config'

const themeSource = fileURLToPath(new URL('./src/ui/theme-boot.js', import.meta.url))

/**
 * Puts the theme script into the head as a classic, blocking file of its own.
 *
 * It has to run before the first paint (else dark users see a white flash) and the content security
 * policy forbids inline scripts, so it is neither a module nor inline.
 */
function themeBoot(): Plugin {
  let base = '/'
  let fileName = ''
  return {
    name: 'lianxi-theme-boot',
    configResolved(config) {
      base = config.base
    },
    configureServer(server) {
      server.middlewares.use('/theme-boot.js', (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript')
        response.end(readFileSync(themeSource))
      })
    },
    buildStart() {
      if (this.meta.watchMode) return
      const source = readFileSync(themeSource)
      const hash = createHash('sha256').update(source).digest('hex').slice(0, 8)
      fileName = `assets/theme-boot-${hash}.js`
      if (!this.environment || this.environment.mode === 'build') {
        this.emitFile({ type: 'asset', fileName, source })
      }
    },
    transformIndexHtml(_html, context) {
      const src = context.server ? `${base}theme-boot.js` : `${base}${fileName}`
      return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }]
    },
  }
}

/** Groups of words that only pages outside of the daily round of selling speak; see `src/i18n/i18n.ts`. */
const laterGroups = new Set([
  'account',
  'admin',
  'bin',
  'dashboard',
  'home',
  'hygiene',
  'import',
  'job',
  'notification',
  'operation',
  'pairs',
  'privacy',
  'report',
  'search',
  'security',
  'settings',
  'target',
])

/**
 * Words as the browser takes them: what has a place to fill in or a plural is taken apart here, so that
 * nobody loads the compiler of messages.
 */
function prepared(words: unknown): unknown {
  if (typeof words !== 'string') {
    return Object.fromEntries(Object.entries(words as object).map(([key, value]) => [key, prepared(value)]))
  }
  if (!/[{}|@]/.test(words)) return words
  return baseCompile(words, { jit: true, location: false, minify: true, optimize: true }).ast
}

/** Serves each file of words in two parts: `virtual:words/<language>/first` and `.../later`. */
function wordParts(): Plugin {
  return {
    name: 'lianxi-word-parts',
    resolveId: (id) => (id.startsWith('virtual:words/') ? `\0${id}` : undefined),
    load(id) {
      const [, language, part] = /^\0virtual:words\/([\w-]+)\/(first|later)$/.exec(id) ?? []
      if (!language) return undefined
      const path = fileURLToPath(new URL(`./src/i18n/${language}.json`, import.meta.url))
      this.addWatchFile(path)
      const words = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, object>)
      const chosen = words.filter(([group]) => laterGroups.has(group) === (part === 'later'))
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(prepared(Object.fromEntries(chosen))))})`
    },
  }
}

const backend = process.env['LIANXI_BACKEND'] ?? 'http://127.0.0.1:5000'

export default defineConfig({
  plugins: [themeBoot(), wordParts(), vue(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_DROP_MESSAGE_COMPILER__: 'true',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: backend },
      '/health': { target: backend },
      '/socket.io': { target: backend, ws: true },
    },
  },
  build: {
    sourcemap: false,
    assetsInlineLimit: 0,
    // The library of charts, loaded on pages of reports alone, is the largest; `npm run size` holds every route to its budget.
    chunkSizeWarningLimit: 700,
    manifest: true,
    rolldownOptions: {
      output: {
        // The names of such groups list all pages that share them.
        chunkFileNames: (chunk) => `assets/${chunk.name.startsWith('kit') ? 'kit' : '[name]'}-[hash].js`,
        codeSplitting: {
          groups: [
            // What every page needs, in one file that outlives most releases.
            {
              name: 'vendor',
              test: /node_modules\/(vue|vue-router|vue-i18n|pinia|vue-demi|openapi-fetch|@vue|@intlify|@tanstack\/(query-core|vue-query))\//,
              priority: 3,
            },
            // Who we are, what we hold, how it is kept true.
            {
              name: 'base',
              // The order of rows is for pages of administration.
              test: /src\/(?:api|session|records(?!\/useRankOrder)|realtime|i18n)\//,
              priority: 2,
              minShareCount: 2,
            },
            // The shared controls and what places them, laid together by the pages that need them: nobody
            // loads what only others use.
            {
              name: 'kit',
              test: /src\/(ui|layout|records)\/|@lucide|node_modules\/(reka-ui|@floating-ui|@vueuse|@internationalized|aria-hidden|defu)/,
              minShareCount: 2,
              entriesAware: true,
            },
          ],
        },
      },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/unit/**/*.test.ts'],
    setupFiles: ['tests/unit/setup.ts'],
    restoreMocks: true,
  },
})
