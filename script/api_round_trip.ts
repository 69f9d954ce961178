// What a program does with the API, through a client generated from its description. Closes with `N passed, N failed`.
import {
    AccountApi, AccountInputKindEnum, Configuration, GeneralApi, OrderApi, ProblemFromJSON, ResponseError,
} from './index';
import type { Account, AccountCreate, Problem } from './index';

declare const process: { env: Record<string, string>; exitCode?: number };

const configuration = new Configuration({
    basePath: process.env.ZHIKE_URL,
    accessToken: process.env.ZHIKE_TOKEN,
    headers: { 'Accept-Language': 'en' },
});
const accounts = new AccountApi(configuration);
const orders = new OrderApi(configuration);
const general = new GeneralApi(configuration);

let passed = 0;
let failed = 0;

function equal(found: unknown, expected: unknown, what: string) {
    const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
    if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

async function step(what: string, action: () => Promise<void>) {
    try {
        await action();
        passed += 1;
        console.log(`ok - ${what}`);
    } catch (error) {
        failed += 1;
        const body = error instanceof ResponseError ? await error.response.text() : '';
        console.log(`not ok - ${what}: ${error} ${body}`);
    }
}

/** The problem a refused request is answered with. */
async function refused(status: number, request: Promise<unknown>): Promise<Problem> {
    try {
        await request;
    } catch (error) {
        if (!(error instanceof ResponseError)) throw error;
        equal(error.response.status, status, 'status');
        equal(error.response.headers.get('content-type'), 'application/problem+json', 'content type');
        return ProblemFromJSON(await error.response.json());
    }
    throw new Error(`was not refused with ${status}`);
}

async function main() {
    let account: Account;
    let etag: string;

    await step('creates a record and finds it where Location says', async () => {
        const accountInput = { name: '青岛果业', kind: AccountInputKindEnum.Company, city: '青岛', externalIds: { erp: 'RT-1' } };
        const answer = await accounts.createAccountRaw({ accountInput, idempotencyKey: 'round trip 1' });
        account = await answer.value();
        equal(answer.raw.headers.get('location'), `/api/v1/account/${account.id}`, 'location');
        equal([account.name, account.version, account.externalIds], ['青岛果业', 1, { erp: 'RT-1' }], 'record');
        const again = await accounts.createAccountRaw({ accountInput, idempotencyKey: 'round trip 1' });
        equal([again.raw.headers.get('idempotent-replayed'), (await again.value()).id], ['true', account.id], 'repeated');
    });

    await step('reads it, by its id and by its number elsewhere', async () => {
        const answer = await accounts.getAccountRaw({ id: account.id });
        etag = answer.raw.headers.get('etag')!;
        equal((await answer.value()).city, '青岛', 'city');
        equal((await accounts.getAccountByExternalId({ source: 'erp', number: 'RT-1' })).id, account.id, 'by number');
    });

    await step('updates it with its ETag, and is refused with the one before', async () => {
        const change = { id: account.id, ifMatch: etag, accountChange: { city: '上海' } };
        const changed = await accounts.changeAccount(change);
        equal([changed.city, changed.version, changed.name], ['上海', 2, '青岛果业'], 'changed');
        const problem = await refused(412, accounts.changeAccount(change));
        equal([problem.type, problem.currentVersion], ['urn:zhike:problem:precondition_failed', 2], 'problem');
    });

    await step('writes a batch, all or nothing', async () => {
        const operations = Array.from({ length: 25 }, (_, n): AccountCreate => (
            { op: 'create', values: { name: `Batch ${n}`, kind: AccountInputKindEnum.Company, city: 'Batchville' } }));
        const batch = await accounts.batchAccount({ batchAccountRequest: { operations } });
        equal(batch.results.length, 25, 'results');
        const wrong = [{ op: 'update' as const, id: account.id, values: { email: 'nonsense' } }];
        const problem = await refused(422, accounts.batchAccount({ batchAccountRequest: { operations: wrong } }));
        equal(problem.errors?.map((error) => [error.field, error.code]), [['operations[0].email', 'not_an_email']], 'errors');
    });

    await step('lists by cursor, filtered, sorted, with some fields', async () => {
        const seen: string[] = [];
        let after: string | undefined;
        do {
            const page = await accounts.listAccount({
                filter: "city == 'Batchville'", sort: 'name', fields: ['name', 'city'], limit: 10, count: true, after });
            equal([page.count?.number, page.count?.capped], [25, false], 'count');
            seen.push(...page.data.map((record) => record.name!));
            after = page.next ?? undefined;
        } while (after);
        equal([seen.length, new Set(seen).size, seen.join() === [...seen].sort().join()], [25, 25, true], 'pages');
    });

    await step('exports the same list as a stream', async () => {
        const lines = (await accounts.exportAccount({ filter: "city == 'Batchville'", format: 'ndjson' })).trim().split('\n');
        equal([lines.length, JSON.parse(lines[0]).city], [25, 'Batchville'], 'lines');
    });

    await step('writes an order with lines and reads its total', async () => {
        const lines = [{ description: 'Apples', quantity: '3', unitPrice: '2.50' }];
        const order = await orders.createOrder({ orderInput: { account: account.id, orderedAt: new Date('2026-01-02T03:04:05Z'), lines } });
        equal([order.total, order.lines?.length, order.orderedAt?.toISOString()], ['7.5', 1, '2026-01-02T03:04:05.000Z'], 'order');
    });

    await step('searches', async () => {
        const hits = await general.search({ q: '青岛果业' });
        equal(hits.data.filter((hit) => hit.entity === 'account').map((hit) => hit.id), [account.id], 'hits');
    });

    await step('deletes and restores', async () => {
        await accounts.deleteAccount({ id: account.id });
        const problem = await refused(404, accounts.getAccount({ id: account.id }));
        equal(problem.type, 'urn:zhike:problem:not_found', 'problem');
        equal((await accounts.restoreAccount({ id: account.id })).city, '上海', 'restored');
        const history = await accounts.historyOfAccount({ id: account.id });
        equal(history.data.map((change) => change.kind), ['restore', 'delete', 'update', 'create'], 'history');
    });

    await step('is told what is wrong with which field', async () => {
        const accountInput = { name: ' ', kind: AccountInputKindEnum.Company, email: 'nonsense' };
        const problem = await refused(422, accounts.createAccount({ accountInput }));
        equal(problem.errors?.map((error) => `${error.field} ${error.code}`).sort(), ['email not_an_email'], 'errors');
        await refused(401, new AccountApi(new Configuration({ basePath: process.env.ZHIKE_URL, accessToken: 'zk_nobody' })).listAccount());
    });

    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

main().catch((error) => {
    console.log(`${passed} passed, 1 failed\n${error.stack}`);
    process.exitCode = 1;
});
