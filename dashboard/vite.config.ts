import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

/** As src/ui/iconBase.ts imports them. */
const signInIcons = new Set(
  readFileSync(new URL('./src/ui/iconBase.ts', import.meta.url), 'utf8')
    .split('}')[0]!
    .match(/\b[A-Z]\w*/g)!
    .map((name) => name.replace(/(?<=[a-z])(?=[A-Z0-9])|(?<=\d)(?=[A-Z])/g, '-').toLowerCase()),
)

export default defineConfig({
  base: '/app/',
  plugins: [vue(), tailwind()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    target: 'es2022',
    // The policy of the page allows no data: styles or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: (chunk) => {
          const texts = /\/([\w-]+)\/texts\/\w+\.json/.exec(chunk.facadeModuleId ?? '')
          return texts ? `assets/texts-${texts[1]}-[name]-[hash].js` : 'assets/[name]-[hash].js'
        },
        assetFileNames: 'assets/[name]-[hash][extname]',
        // What hardly changes keeps its name, and so its place in browsers' caches.
        manualChunks: (id) => {
          if (/\/node_modules\/(@vue|vue|vue-router|vue-i18n|@intlify|pinia)\//.test(id)) return 'vendor'
          if (/\/node_modules\/(reka-ui|@floating-ui|@vueuse|@internationalized|aria-hidden)\//.test(id)) return 'reka'
          if (id.includes('vite/preload-helper')) return 'vendor'
          if (/\/node_modules\/@tanstack\//.test(id)) return 'virtual'
          // What opens needs the library for that, and comes when it is asked for.
          if (/\/src\/ui\/(Open(Menu|Popover|Pick)|UiTooltip)\.vue/.test(id)) return 'menus'
          if (/\/src\/ui\/Ui(Avatar|Menu|Pick|Popover|Switch)\.vue/.test(id)) return 'opens'
          // Folders of ui go with the screens that use them.
          // The library is one file that names all its icons: each goes where it is wanted.
          const icon = /\/@lucide\/.*\/icons\/([\w-]+)\.mjs/.exec(id)?.[1]
          if (icon) return signInIcons.has(icon) ? 'ui' : 'icons'
          return /\/@lucide\/.*\/(Icon|createLucideIcon|context|shared)\b|\/src\/ui\/(form|iconBase|overlay|Ui(Alert|Button|Copy|Dialog|Field|Floating|Heading|Icon|Input|Password|PasswordRules|Region|Select|State))\./.test(id) ? 'ui' : undefined
        },
      },
    },
  },
  server: { proxy: { '^/(api|auth|rails|super_admin|installation)': 'http://127.0.0.1:3000' } },
  test: { include: ['src/**/*.test.ts'], environment: 'happy-dom' },
})
