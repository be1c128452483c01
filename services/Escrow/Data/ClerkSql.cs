namespace Tendering.Escrow.Data;

/// <summary>The two exchanges of a batch with the database, written by hand.</summary>
internal sealed partial class Clerk
{
    private static class Sql
    {
        // The accounts that are named, and those of the holds that are named.
        private const string Touched = """
            array(select unnest($1) union select unnest(array[debit_account, credit_account]) from transfer where id = any ($2))
            """;

        // Locks first, in the order of the ids over the whole batch; whoever waits here then reads what the other has committed.
        public const string LockRows = $"""
            select account_id, debits, credits, pending_debits, pending_credits, transfers from balance where account_id = any ({Touched}) order by account_id for update
            """;

        // Where both sides are the system's there is no row to lock: such a transfer locks what it settles, or else itself.
        public const string LockRowless = """
            select pg_advisory_xact_lock(key) from (
              select distinct hashtextextended(locked.id::text, 727002) as key
              from unnest($1, $2, $3, $4) as asked (id, pending, debit, credit) left join transfer p on p.id = asked.pending
              cross join lateral (values (asked.id), (coalesce(asked.pending, asked.id))) as locked (id)
              where not exists (select 1 from balance b where b.account_id in (coalesce(p.debit_account, asked.debit), coalesce(p.credit_account, asked.credit)))
              order by key) keys
            """;

        public const string ReadAccounts = $"select id, code, name, kind, currency, limited, is_system from account where id = any ({Touched})";

        private const string Columns = "id, chain, kind, debit_account, credit_account, amount, posted, held, currency, pending_id, code, reference, linked, time_out, expires_at";

        public const string ReadTransfers = $"select {Columns} from transfer where id = any ($1) union all select {Columns} from transfer where pending_id = any ($2)";

        public static readonly string Write = WriteWith("");
        public static readonly string WriteWhatIsNew = WriteWith("on conflict do nothing");

        // All effects of a batch. Nothing is ever booked before the last cut: what a snapshot covers can gain no more.
        private static string WriteWith(string conflict) => $"""
            with booked as (
              insert into transfer ({Columns}, booked_at)
              select t.*, greatest($16, (select moment from ledger_cut order by position desc limit 1))
              from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as t
              {conflict}
              returning id, position, debit_account, credit_account, posted, held, expires_at),
            side as (
              select debit_account as account, position, posted as debit, 0::bigint as credit, held as pending_debit, 0::bigint as pending_credit from booked
              union all select credit_account, position, 0, posted, 0, held from booked),
            moved as (
              update balance b set debits = b.debits + d.debit, credits = b.credits + d.credit, pending_debits = b.pending_debits + d.pending_debit,
                pending_credits = b.pending_credits + d.pending_credit, transfers = b.transfers + d.n
              from (select account, max(position) as position, count(*) as n, sum(debit)::bigint as debit, sum(credit)::bigint as credit, sum(pending_debit)::bigint as pending_debit,
                      sum(pending_credit)::bigint as pending_credit from side group by account) d
              where b.account_id = d.account
              returning b.*, d.position, d.n),
            kept as (
              insert into balance_snapshot (account_id, position, debits, credits, pending_debits, pending_credits)
              select account_id, position, debits, credits, pending_debits, pending_credits from moved where transfers / {SnapshotEvery} > (transfers - n) / {SnapshotEvery}),
            due as (insert into hold_due (id, next_due_at) select id, expires_at from booked where expires_at is not null)
            select count(*) from booked
            """;

        // The same where the running rows are known: what is added to each is given, with the count that it must still have. Numbers are drawn
        // before the rows are locked; but whoever came between has changed the count.
        public static readonly string WriteRecalled = $"""
            with booked as (
              insert into transfer ({Columns}, booked_at)
              select t.*, greatest($16, (select moment from ledger_cut order by position desc limit 1))
              from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as t
              returning id, position, debit_account, credit_account, expires_at),
            moved as (
              update balance b set debits = b.debits + k.debits, credits = b.credits + k.credits, pending_debits = b.pending_debits + k.pending_debits,
                pending_credits = b.pending_credits + k.pending_credits, transfers = b.transfers + k.n
              from unnest($17, $18, $19, $20, $21, $22, $23) as k (account, before, n, debits, credits, pending_debits, pending_credits)
              where b.account_id = k.account and b.transfers = k.before
              returning b.*, k.n),
            kept as (
              insert into balance_snapshot (account_id, position, debits, credits, pending_debits, pending_credits)
              select account_id, (select max(position) from booked where m.account_id in (debit_account, credit_account)), debits, credits, pending_debits, pending_credits
              from moved m where transfers / {SnapshotEvery} > (transfers - n) / {SnapshotEvery}),
            due as (insert into hold_due (id, next_due_at) select id, expires_at from booked where expires_at is not null)
            select case when (select count(*) from moved) = cardinality($17) then count(*) else running_rows_moved_on() end from booked
            """;
    }
}
