import { createRouter, createWebHistory, type Router, type RouteLocationNormalized } from 'vue-router'
import type { Me } from '@/api/types'
import { loadAllWords } from '@/i18n/i18n'
import { rememberRecent } from '@/records/recents'
import { useSession } from '@/session/session'
import { pages } from './navigation'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title. */
    title?: string
    /** The place of the navigation that is lit. */
    place?: string
    /** Open to people who have not signed in. */
    isPublic?: boolean
    /** Permission (one of several) without which the page refuses. */
    permission?: string | readonly string[]
  }
}

/** The daily round of selling: these pages speak the first part of the words alone. */
const firstPages = new Set([
  'login',
  'password',
  'customers',
  'leads',
  'customer',
  'people',
  'contacts',
  'deals',
  'deal',
])
/** Where a person has something to do before any other page. */
function pageBefore(user: Me | null): string | null {
  if (user?.must_change_password) return 'password'
  return user?.needs_second_factor ? 'second-factor' : null
}
const speaksMore = (to: RouteLocationNormalized): boolean => !firstPages.has(String(to.name))

/** The routes, and who may enter them. The server decides; this only spares people a dead end. */
export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      {
        path: '/login',
        name: 'login',
        component: () => import('@/auth/LoginPage.vue'),
        meta: { isPublic: true, title: 'auth.signIn' },
      },
      {
        path: '/forgot',
        name: 'forgot',
        component: () => import('@/account/ForgotPage.vue'),
        meta: { isPublic: true, title: 'account.forgotTitle' },
      },
      {
        path: '/choose-password',
        name: 'choose-password',
        component: () => import('@/account/ChoosePasswordPage.vue'),
        meta: { isPublic: true, title: 'auth.choosePassword' },
      },
      {
        path: '/sso/:provider',
        name: 'sso',
        component: () => import('@/account/ProviderReturnPage.vue'),
        meta: { isPublic: true, title: 'auth.signIn' },
      },
      {
        path: '/password',
        name: 'password',
        component: () => import('@/auth/NewPasswordPage.vue'),
        meta: { title: 'auth.newPassword' },
      },
      {
        path: '/second-factor',
        name: 'second-factor',
        component: () => import('@/account/SecondFactorPage.vue'),
        meta: { title: 'account.setUpTwoStep' },
      },
      {
        path: '/',
        component: () => import('./AppShell.vue'),
        children: [
          ...pages,
          {
            path: '/:rest(.*)*',
            name: 'absent',
            component: () => import('./AbsentPage.vue'),
            meta: { title: 'page.absentTitle' },
          },
        ],
      },
    ],
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })

  router.beforeEach((to: RouteLocationNormalized) => {
    const session = useSession()
    const isIn = session.status === 'active' || session.status === 'expired'
    if (!isIn && !to.meta.isPublic)
      return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    const first = isIn ? pageBefore(session.user) : null
    if (first && to.name !== first) {
      return {
        name: first,
        query: to.fullPath === '/' || to.name === 'login' ? {} : { next: to.fullPath },
      }
    }
    if (isIn && (to.name === 'login' || (to.name === 'second-factor' && !first))) return { name: 'home' }
    // Asked for along with the page's own file, and awaited below.
    if (speaksMore(to)) void loadAllWords()
    return true
  })
  router.beforeResolve(async (to) => {
    if (speaksMore(to)) await loadAllWords()
  })
  router.afterEach((to, _from, failure) => {
    const { user } = useSession()
    if (to.name === 'customer' && user && !failure)
      rememberRecent('customers', user.id, Number(to.params['id']))
  })
  return router
}
