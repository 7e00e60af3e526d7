import { describe, expect, it } from 'vitest'
import type { Deal, Stage, Stay } from '@/api/types'
import { Problem } from '@/api/problem'
import {
  currencyPlaces,
  decimal,
  decimalText,
  lineAmount,
  rounded,
  timesRate,
  typedDecimal,
  wholeText,
} from '@/deal/decimal'
import { daysSince, isAgeing, isLate, nextStepState, shiftDate } from '@/deal/nextStep'
import { ask, openQuestion } from '@/deal/questions'
import { missingFields, refusedFields } from '@/deal/requiredFields'
import { secondsByStage } from '@/deal/useStays'

describe('money', () => {
  it('is added without losing a cent', () => {
    const sum = Array.from({ length: 1000 }, () => decimal('0.10')).reduce((a, b) => a + b, 0n)
    expect(decimalText(sum)).toBe('100.00')
    expect(decimalText(decimal('99999999999999.99') + decimal('0.01'))).toBe('100000000000000.00')
    expect(decimalText(decimal('-12.5'))).toBe('-12.50')
    expect(decimalText(decimal(null))).toBe('0.00')
    expect(decimalText(decimal('nonsense'))).toBe('0.00')
  })

  it('is weighted by shares of four places and rounded half up', () => {
    expect(decimalText(timesRate(decimal('100.01'), 0.333))).toBe('33.30333')
    expect(decimalText(rounded(decimal('0.125'), 2))).toBe('0.13')
    expect(decimalText(rounded(decimal('-0.125'), 2))).toBe('-0.13')
    expect(wholeText('1234.50')).toBe('1235')
    expect(wholeText('1234.49')).toBe('1234')
  })

  it('is read as people type it', () => {
    expect(typedDecimal('1,234.5')).toBe('1234.5')
    expect(typedDecimal('１２３．５')).toBe('123.5')
    expect(typedDecimal('.5')).toBe('0.5')
    expect(typedDecimal('12.')).toBe('12')
    expect(typedDecimal('-3')).toBeNull()
    expect(typedDecimal('1e5')).toBeNull()
    expect(typedDecimal('')).toBeNull()
  })

  it('of a line is quantity times price less the discount, in coins of the currency', () => {
    expect(decimalText(lineAmount('3', '19.99', null, 2))).toBe('59.97')
    expect(decimalText(lineAmount('1', '0.05', '10', 2))).toBe('0.05')
    expect(decimalText(lineAmount('7', '1280', '12.5', 2))).toBe('7840.00')
    expect(decimalText(lineAmount('3', '333.3', null, 0))).toBe('1000.00')
    expect(currencyPlaces('JPY')).toBe(0)
    expect(currencyPlaces('CNY')).toBe(2)
    expect(currencyPlaces('nonsense')).toBe(2)
  })
})

describe('the next step', () => {
  const today = '2026-11-22'
  it('is planned, today, overdue or missing; closed deals need none', () => {
    expect(nextStepState({ state: 'open', next_step_on: '2026-11-23' }, today)).toBe('planned')
    expect(nextStepState({ state: 'open', next_step_on: today }, today)).toBe('today')
    expect(nextStepState({ state: 'open', next_step_on: '2026-11-21' }, today)).toBe('overdue')
    expect(nextStepState({ state: 'open', next_step_on: null }, today)).toBe('none')
    expect(nextStepState({ state: 'won', next_step_on: null }, today)).toBe('closed')
  })

  it('and ages are counted in whole days', () => {
    const now = Date.parse('2026-11-22T12:00:00Z')
    expect(daysSince('2026-11-21T13:00:00Z', now)).toBe(0)
    expect(daysSince('2026-11-20T11:00:00Z', now)).toBe(2)
    expect(daysSince('2026-11-23T11:00:00Z', now)).toBe(0)
    const deal = { state: 'open', stage_entered_at: '2026-11-01T00:00:00Z' } as Deal
    expect(isAgeing(deal, 14, now)).toBe(true)
    expect(isAgeing(deal, 30, now)).toBe(false)
    expect(isAgeing(deal, null, now)).toBe(false)
    expect(isAgeing({ ...deal, state: 'lost' }, 14, now)).toBe(false)
    expect(isLate({ state: 'open', expected_close_on: '2026-11-21' }, today)).toBe(true)
    expect(isLate({ state: 'won', expected_close_on: '2026-11-21' }, today)).toBe(false)
    expect(shiftDate('2026-12-31', 1)).toBe('2027-01-01')
    expect(shiftDate('2026-03-01', -1)).toBe('2026-02-28')
  })
})

describe('what a stage asks for', () => {
  const stage = { required_fields: ['amount', 'expected_close_on', 'people', 'lines'] } as unknown as Stage

  it('is what the deal has not got', () => {
    const deal = { amount: '5.00', expected_close_on: null, people: [], lines: [{}] } as unknown as Deal
    expect(missingFields(stage, deal, [])).toEqual(['expected_close_on', 'people'])
    const added = {
      ...stage,
      required_fields: ['custom.budget', 'custom.signed', 'custom.plants', 'custom.retired'],
    }
    const given = { ...deal, custom: { signed: false, plants: [] } } as unknown as Deal
    // Forms name them otherwise; those that take no values any more are asked of nobody.
    expect(missingFields(added, given, ['budget', 'signed', 'plants'])).toEqual([
      'custom/budget',
      'custom/plants',
    ])
  })

  it('is read from a refusal, which must be about nothing else', () => {
    const refusal = (codes: string[]): Problem =>
      new Problem(422, {
        errors: codes.map((code, index) => ({ pointer: `#/field${index}`, code, detail: '' })),
      })
    expect(refusedFields(refusal(['required_for_stage', 'required_for_stage']))).toEqual(['field0', 'field1'])
    expect(refusedFields(refusal(['required_for_stage', 'unknown_record']))).toEqual([])
    expect(refusedFields(new Error('other'))).toEqual([])
  })

  it('is asked one thing at a time', async () => {
    const deal = { id: 1 } as Deal
    const first = ask<'loss'>({ kind: 'loss', deal })
    const second = ask<'stage'>({ kind: 'stage', deal, stages: [] })
    await Promise.resolve()
    expect(openQuestion.value?.kind).toBe('loss')
    openQuestion.value?.answer(null)
    expect(await first).toBeNull()
    await Promise.resolve()
    expect(openQuestion.value?.kind).toBe('stage')
    openQuestion.value?.answer(null)
    expect(await second).toBeNull()
    expect(openQuestion.value).toBeNull()
  })
})

describe('the way through the stages', () => {
  const stay = (stageId: number, seconds: number | null): Stay =>
    ({ stage_id: stageId, duration_seconds: seconds }) as Stay
  const at = Date.parse('2026-11-22T00:00:00Z')
  const deal = { state: 'open', stage_id: 2, stage_entered_at: '2026-11-20T00:00:00Z' } as Deal

  it('adds up several stays and the one that lasts', () => {
    const sums = secondsByStage([stay(1, 86_400), stay(2, 3600), stay(1, 86_400), stay(2, null)], deal, at)
    expect([...sums]).toEqual([
      [1, 172_800],
      [2, 3600 + 172_800],
    ])
  })

  it('stands still once the deal is closed', () => {
    const sums = secondsByStage([stay(1, 100)], { ...deal, state: 'won', stage_id: 3 }, at)
    expect([...sums]).toEqual([[1, 100]])
  })
})
