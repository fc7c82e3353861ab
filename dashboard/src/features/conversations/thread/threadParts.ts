// What one conversation is made of: one part of the build, which comes after the list.
export { default as DetailsPanel } from '../panel/DetailsPanel.vue'
export { default as ThreadPane } from './ThreadPane.vue'
