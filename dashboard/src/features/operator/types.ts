import type { Schema } from '@/api/client'

export type Overview = Schema<'OperatorOverview'>
export type Part = Schema<'OperatorPart'>
export type Reason = Schema<'OperatorReason'>
export type Partition = Schema<'OperatorPartition'>
export type Lane = Schema<'OperatorLane'>
export type QueueEvent = Schema<'OperatorEvent'>
export type EventDetail = Schema<'OperatorEventDetail'>
export type Group = Schema<'OperatorGroup'>
export type Delivery = Schema<'OperatorDelivery'>
export type Channel = Schema<'OperatorChannel'>

/** How a part is, the worst first. */
export type State = 'bad' | 'warning' | 'unknown' | 'good'
