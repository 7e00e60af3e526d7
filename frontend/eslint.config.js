import pluginVue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

const domains = [
  'customer',
  'contact',
  'deal',
  'target',
  'report',
  'dashboard',
  'auth',
  'admin',
  'home',
  'history',
  'bin',
  'layout',
]
const noDomains = domains.map((domain) => ({
  group: [`@/${domain}`, `@/${domain}/*`],
  message: 'This room knows no domain: pass what it needs in.',
}))

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'src/api/schema.d.ts', 'coverage/**'] },
  ...tseslint.configs.strict,
  ...pluginVue.configs['flat/recommended'],
  {
    files: ['**/*.vue', '**/*.ts'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'] },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'vue/no-v-html': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-macros-order': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      // Layout of templates is prettier's business.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
    },
  },
  {
    files: ['src/ui/**', 'src/api/**', 'src/records/**', 'src/realtime/**', 'src/session/**', 'src/i18n/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: noDomains }] },
  },
  { files: ['scripts/**', 'src/ui/theme-boot.js', 'docs/**'], rules: { 'no-console': 'off' } },
)
