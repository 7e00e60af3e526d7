import { describe, expect, it } from 'vitest'
import { deviceOf } from '@/account/device'
import { scopeGroups } from '@/account/scopes'

describe('a device', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
      'Chrome · Windows',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0',
      'Edge · Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari · iPhone',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · Linux'],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['', null],
    [null, null],
  ])('says what it is: %s', (agent, name) => {
    expect(deviceOf(agent)).toBe(name)
  })
})

describe('what a token may do', () => {
  it('is what its owner may, by kind of record, reading first, without making people or rights', () => {
    const mine = ['user:write', 'role:write', 'tag:write', 'deal:assign', 'deal:write', 'deal:read', 'export']
    expect(scopeGroups(mine)).toEqual([
      {
        resource: 'deal',
        scopes: [
          { value: 'deal:read', action: 'read' },
          { value: 'deal:write', action: 'write' },
          { value: 'deal:assign', action: 'assign' },
        ],
      },
      { resource: 'export', scopes: [{ value: 'export', action: 'use' }] },
      { resource: 'tag', scopes: [{ value: 'tag:write', action: 'write' }] },
    ])
  })
})
