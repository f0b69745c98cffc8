-- An order book in memory: bulk insert, two indexes, joins, grouping, update, delete.
-- Everything follows from the row's number, so the work is the same each time.
PRAGMA journal_mode = MEMORY;
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, cents INTEGER, note TEXT);

BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO customers SELECT i, printf('customer-%06d', i * 7919 % 1000003), 'city-' || (i % 97) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO orders SELECT i, i * 7919 % 5000 + 1, i * 31 % 10007,
       substr('the quick brown fox jumps over the lazy dog', 1, i % 43 + 1) FROM n;
COMMIT;

CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX customers_name ON customers (name);

SELECT count(*), sum(length(t)) FROM (
  SELECT c.city, group_concat(o.note, ',') AS t FROM orders o JOIN customers c ON c.id = o.customer
  GROUP BY c.city ORDER BY sum(o.cents) DESC);
SELECT count(*) FROM (SELECT upper(note) || id AS key FROM orders ORDER BY key DESC);
SELECT count(DISTINCT substr(name, -3)) FROM customers WHERE name > 'customer-5';

UPDATE orders SET note = note || ' ' || id WHERE id % 3 = 0;
DELETE FROM orders WHERE id % 5 = 0;
SELECT count(*), sum(cents), sum(length(note)) FROM orders;
