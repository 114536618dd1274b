import type { CaseRequest } from '../../src/http/schemas/casework.ts';
import type { Caller, TestService } from './service.ts';
import { sampleFile } from './material-files.ts';

/** A case as the treatment county's clerk opens it: p1 of the home county paid 800 yuan that did not settle. */
export function caseRequest(changes: Partial<CaseRequest> = {}): CaseRequest {
  return {
    requestKey: 'window-1',
    reason: 'manual',
    reasonText: '未能直接结算',
    serviceForm: 'collectedOnBehalf',
    personId: 'p1',
    institutionId: 'H33042100001',
    billNumber: 'MZ-77',
    claimed: '800.00',
    ...changes,
  };
}

/** What clerks do, each with the version that is there now. */
export function casework({ call }: Pick<TestService, 'call'>) {
  const versionOf = async (id: string, as: Caller) => (await call('GET', `/v1/cases/${id}`, { as })).body.version;
  const withVersion = async (as: Caller, id: string, what: string, body: object) =>
    call('POST', `/v1/cases/${id}/${what}`, { as, body: { version: await versionOf(id, as), ...body } });
  return {
    open: (as: Caller, changes: Partial<CaseRequest> = {}) =>
      call('POST', '/v1/cases', { as, body: caseRequest(changes) }),
    read: (as: Caller, id: string) => call('GET', `/v1/cases/${id}`, { as }),
    act: (as: Caller, id: string, action: string, note = '') => withVersion(as, id, 'actions', { action, note }),
    decide: (as: Caller, id: string, outcome: string, funds: object = {}) =>
      withVersion(as, id, 'decision', { outcome, funds, note: '核定' }),
    pay: (as: Caller, id: string) => withVersion(as, id, 'payment', { reference: 'BANK-1' }),
    verify: (as: Caller, id: string, item: string, verified = true) =>
      withVersion(as, id, `items/${item}/verification`, { verified }),
    upload: (
      as: Caller,
      id: string,
      item: string,
      body: Uint8Array = sampleFile('application/pdf'),
      type = 'application/pdf',
    ) =>
      call('POST', `/v1/cases/${id}/materials?item=${item}&name=${encodeURIComponent('签字.pdf')}`, {
        as,
        body,
        headers: { 'content-type': type },
      }),
  };
}
