-- A further attempt at a payment is told in front of its subject: behind it stands a bank's reference, which may itself end in # and a number.
update payment_order o set subject = substring(o.subject from '#([0-9]+)$') || '#' || regexp_replace(o.subject, '#[0-9]+$', '')
where exists (select 1 from payment_order f where f.reason = o.reason and f.stage = 'Replaced' and f.subject = regexp_replace(o.subject, '#[0-9]+$', '') and f.subject <> o.subject)
  or o.subject ~ '^deposit:.*#[0-9]+$';
