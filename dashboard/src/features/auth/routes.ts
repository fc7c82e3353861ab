import type { Feature } from '@/app/features'

const meta = { open: true, texts: 'auth' }

export const feature: Feature = {
  outside: [
    {
      path: '/app',
      component: () => import('./AuthFrame.vue'),
      children: [
        { path: 'login', name: 'login', component: () => import('./SignInPage.vue'), meta: { ...meta, title: 'auth.signIn.title' } },
        { path: 'login/sso', name: 'login-sso', component: () => import('./SSOPage.vue'), meta: { ...meta, title: 'auth.sso.title' } },
        { path: 'auth/signup', name: 'signup', component: () => import('./SignUpPage.vue'), meta: { ...meta, title: 'auth.signUp.title' } },
        { path: 'auth/confirmation', name: 'confirmation', component: () => import('./ConfirmationPage.vue'), meta: { ...meta, title: 'auth.confirmation.title' } },
        { path: 'auth/reset/password', name: 'reset', component: () => import('./ResetPage.vue'), meta: { ...meta, title: 'auth.reset.title' } },
        { path: 'auth/password/edit', name: 'password', component: () => import('./PasswordPage.vue'), meta: { ...meta, title: 'auth.password.title' } },
      ],
    },
  ],
}
