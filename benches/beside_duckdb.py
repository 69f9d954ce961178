"""The questions of `bench olap` answered by DuckDB and by pandas from the same Parquet files: times, ratios, and whether the answers
are the same to the last digit.

    beside_duckdb.py FOLDER        where `bench olap` wrote zhike.json and its answers
"""

import decimal
import json
import pathlib
import statistics
import sys
import time
import uuid

import duckdb
import numpy
import pandas
import pyarrow.parquet

TARGET_MS = 300
UNIT = 10_000

RFM = """WITH bought AS (
    SELECT account_key, max(day) AS last_day, count(DISTINCT "order") AS orders, sum(net) AS money
    FROM sales WHERE account_key IS NOT NULL GROUP BY account_key)
SELECT account_key, last_day, orders, money,
    ntile(5) OVER (ORDER BY last_day, account_key),
    ntile(5) OVER (ORDER BY orders, account_key),
    ntile(5) OVER (ORDER BY money, account_key)
FROM bought"""


# Facts that are taken off, each with the columns that are.
COSTS = {
    "returns": ["net", "margin"],
    "order_costs": ["selling_cost", "service_cost"],
    "return_costs": ["service_cost"],
    "activities": ["service_cost"],
}

# A table without files, of which there are no rows.
NOTHING = """(SELECT NULL::INTEGER AS key, NULL::INTEGER AS account_key, NULL::DATE AS day, NULL::VARCHAR AS importance, NULL::DECIMAL(18, 4) AS clv_52w, NULL::DECIMAL(18, 4) AS net,
    NULL::DECIMAL(18, 4) AS margin, NULL::DECIMAL(18, 4) AS selling_cost, NULL::DECIMAL(18, 4) AS service_cost WHERE false)"""


class DuckDB:
    """Asks the files anew each time, as Zhike does."""

    def __init__(self, files, year):
        self.year = year
        self.connection = duckdb.connect()
        for table in ("sales", "product", "product_category", "account", *COSTS, "account_figures"):
            names = ", ".join(f"'{name}'" for name in files.get(table, []))
            source = f"read_parquet([{names}])" if names else NOTHING
            self.connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {source}")
        self.name = f"DuckDB {duckdb.__version__}"

    def rows(self, sql):
        return self.connection.execute(sql).fetchall()

    def with_total(self, rows, total):
        return self.rows(rows) + [("total", *row) for row in self.rows(total)]

    def by_month(self):
        month = "SELECT date_trunc('month', day)::DATE, sum(net) FROM sales GROUP BY 1"
        return self.with_total(month, "SELECT sum(net) FROM sales")

    def by_month_and_category(self):
        rows = """SELECT date_trunc('month', s.day)::DATE, c.id, sum(s.net) FROM sales s
            LEFT JOIN product p ON p.key = s.product_key LEFT JOIN product_category c ON c.key = p.category_key
            GROUP BY 1, 2"""
        return self.with_total(rows, "SELECT sum(net) FROM sales")

    def orders_by_category(self):
        rows = """SELECT c.id, count(DISTINCT s."order") FROM sales s
            LEFT JOIN product p ON p.key = s.product_key LEFT JOIN product_category c ON c.key = p.category_key GROUP BY 1"""
        found = self.with_total(rows, 'SELECT count(DISTINCT "order") FROM sales')
        return [(member, number * UNIT) for member, number in found]

    def products_on_most_orders(self):
        rows = """WITH sold AS (SELECT product_key, count(DISTINCT "order") AS orders FROM sales GROUP BY 1),
            placed AS (SELECT *, row_number() OVER (ORDER BY orders DESC, product_key NULLS LAST) AS place FROM sold)
            SELECT CASE WHEN place > 20 THEN 'rest' END, CASE WHEN place <= 20 THEN p.id END, count(DISTINCT s."order")
            FROM sales s JOIN placed ON placed.product_key IS NOT DISTINCT FROM s.product_key
            LEFT JOIN product p ON p.key = s.product_key GROUP BY 1, 2"""
        found = [(rest or product, number * UNIT) for rest, product, number in self.rows(rows)]
        return found + [("total", row[0] * UNIT) for row in self.rows('SELECT count(DISTINCT "order") FROM sales')]

    def largest_products(self):
        return self.largest("product")

    def best_customers(self):
        return self.largest("account")

    def largest(self, table):
        rows = f"""WITH sold AS (SELECT {table}_key AS key, sum(net) AS net FROM sales GROUP BY 1),
            placed AS (SELECT *, row_number() OVER (ORDER BY net DESC NULLS LAST, key NULLS LAST) AS place FROM sold)
            SELECT CASE WHEN place > 20 THEN 'rest' END, CASE WHEN place <= 20 THEN r.id END, sum(net)
            FROM placed LEFT JOIN {table} r ON r.key = placed.key GROUP BY 1, 2"""
        found = [(rest or member, net) for rest, member, net in self.rows(rows)]
        return found + [("total", *row) for row in self.rows("SELECT sum(net) FROM sales")]

    def largest_postcodes(self):
        rows = """WITH sold AS (SELECT a.postcode AS code, sum(s.net) AS net FROM sales s LEFT JOIN account a ON a.key = s.account_key GROUP BY 1),
            placed AS (SELECT *, row_number() OVER (ORDER BY net DESC NULLS LAST, code NULLS LAST) AS place FROM sold)
            SELECT CASE WHEN place > 20 THEN 'rest' END, CASE WHEN place <= 20 THEN code END, sum(net) FROM placed GROUP BY 1, 2"""
        found = [(rest or code, net) for rest, code, net in self.rows(rows)]
        return found + [("total", *row) for row in self.rows("SELECT sum(net) FROM sales")]

    def net_sales_by_month(self):
        both = "(SELECT day, net FROM sales UNION ALL SELECT day, -net FROM returns)"
        return self.with_total(f"SELECT date_trunc('month', day)::DATE, sum(net) FROM {both} GROUP BY 1", f"SELECT sum(net) FROM {both}")

    def net_profit_by_importance(self):
        less = [
            f"SELECT account_key, -{column} FROM {table}"
            for table, columns in COSTS.items()
            for column in columns
            if column != "net"
        ]
        of = f"FROM ({' UNION ALL '.join(['SELECT account_key, margin AS profit FROM sales', *less])}) c"
        rows = f"SELECT f.importance, sum(profit) {of} LEFT JOIN account_figures f ON f.key = c.account_key GROUP BY 1"
        return self.with_total(rows, f"SELECT sum(profit) {of}")

    def expected_sales_by_city(self):
        of = "FROM account_figures f LEFT JOIN account a ON a.key = f.key"
        return self.with_total(f"SELECT a.city, sum(f.clv_52w) {of} GROUP BY 1", f"SELECT sum(f.clv_52w) {of}")

    def by_month_in_one_city(self):
        of = "FROM sales s JOIN account a ON a.key = s.account_key WHERE a.city = '北京'"
        return self.with_total(f"SELECT date_trunc('month', s.day)::DATE, sum(s.net) {of} GROUP BY 1", f"SELECT sum(s.net) {of}")

    def by_city(self):
        this, last = (f"sum(s.net) FILTER (year(s.day) = {year})" for year in (self.year, self.year - 1))
        of = f"FROM sales s LEFT JOIN account a ON a.key = s.account_key WHERE s.day BETWEEN DATE '{self.year - 1}-01-01' AND DATE '{self.year}-12-31'"
        return self.with_total(f"SELECT a.city, {this}, {last} {of} GROUP BY 1", f"SELECT {this}, {last} {of}")

    def customers_by_month(self):
        return self.distinct_by_month("account_key")

    def orders_by_month(self):
        return self.distinct_by_month('"order"')

    def distinct_by_month(self, column):
        count = f"count(DISTINCT {column})"
        rows = self.with_total(f"SELECT date_trunc('month', day)::DATE, {count} FROM sales GROUP BY 1", f"SELECT {count} FROM sales")
        return [(member, number * UNIT) for member, number in rows]

    def rfm(self):
        return self.rows(RFM)


def whole(column):
    """Decimals of the files as whole ten-thousandths: their lower 64 bits, which hold all of any amount here."""
    assert column.null_count == 0 and column.type.scale == 4
    column = column.combine_chunks()
    numbers = numpy.frombuffer(column.buffers()[1], dtype="<i8")[::2]
    return numbers[column.offset : column.offset + len(column)]


def known(column):
    """The same where some are empty, and which are not."""
    filled = column.fill_null(decimal.Decimal(0))
    return whole(filled), column.is_valid().to_numpy()


class Pandas:
    """Everything is read into memory first; only then questions are asked."""

    def __init__(self, files, year):
        self.year = year
        began = time.perf_counter()
        read = lambda table, columns: pyarrow.parquet.read_table(files[table], columns=columns)
        sales = read("sales", ["day", "net", "margin", "order", "product_key", "account_key"])
        key = lambda column: column.fill_null(-1).to_numpy()
        day = lambda column: column.cast("int32").to_numpy().astype("datetime64[D]")
        self.sales = pandas.DataFrame(
            {
                "day": day(sales["day"]),
                "net": whole(sales["net"]),
                "order": sales["order"].combine_chunks().dictionary_encode().indices.to_numpy(),
                "product_key": key(sales["product_key"]),
                "account_key": key(sales["account_key"]),
            }
        )
        product, category = read("product", ["key", "id", "category_key"]), read("product_category", ["key", "id"])
        self.product_id = dict(zip(product["key"].to_pylist(), product["id"].to_pylist()))
        self.category_id = dict(zip(category["key"].to_pylist(), category["id"].to_pylist()))
        self.product = pandas.DataFrame({"product_key": key(product["key"]), "category_key": key(product["category_key"])})
        account = read("account", ["key", "id", "city", "postcode"])
        self.account_id = dict(zip(account["key"].to_pylist(), account["id"].to_pylist()))
        places = {name: account[name].to_pandas().astype("category") for name in ("city", "postcode")}
        self.account = pandas.DataFrame({"account_key": key(account["key"]), **places})
        returns = read("returns", ["day", "net"]) if files.get("returns") else None
        self.returned = pandas.DataFrame({"day": day(returns["day"]), "net": whole(returns["net"])} if returns else {"day": [], "net": []})
        self.profits = [(self.sales["account_key"], *known(sales["margin"]), 1)]
        for table, columns in COSTS.items():
            columns = [column for column in columns if column != "net"]
            if files.get(table):
                costs = read(table, ["account_key", *columns])
                self.profits += [(pandas.Series(key(costs["account_key"])), *known(costs[column]), -1) for column in columns]
        # Customers' classes by their place in the list; −1 is none.
        self.classes, self.importance = [], pandas.Series([], dtype="int8")
        self.expected = pandas.DataFrame({"account_key": [], "clv": [], "filled": []})
        if files.get("account_figures"):
            figures = read("account_figures", ["key", "importance", "clv_52w"])
            classes = figures["importance"].to_pandas().astype("category").cat
            self.classes, self.importance = list(classes.categories), pandas.Series(classes.codes.to_numpy(), index=key(figures["key"]))
            clv, filled = known(figures["clv_52w"])
            self.expected = pandas.DataFrame({"account_key": key(figures["key"]), "clv": clv, "filled": filled})
        self.seconds = time.perf_counter() - began
        self.name = f"pandas {pandas.__version__}"

    def month(self, sales):
        return sales["day"].to_numpy().astype("datetime64[M]")

    def by_month(self):
        found = self.sales["net"].groupby(self.month(self.sales)).sum()
        return [(month.date(), net) for month, net in found.items()] + [("total", self.sales["net"].sum())]

    def by_month_and_category(self):
        sales = self.sales[["day", "net", "product_key"]].merge(self.product, on="product_key", how="left")
        found = sales["net"].groupby([self.month(sales), sales["category_key"].fillna(-1)]).sum()
        rows = [(month.date(), self.category_id.get(int(key)), net) for (month, key), net in found.items()]
        return rows + [("total", self.sales["net"].sum())]

    def largest_products(self):
        return self.largest("product_key", self.product_id)

    def best_customers(self):
        return self.largest("account_key", self.account_id)

    def largest(self, key, ids):
        rows = self.twenty_largest(self.sales.groupby(key)["net"].sum(), key)
        return [(member if isinstance(member, str) else ids.get(int(member)), net) for member, net in rows]

    def largest_postcodes(self):
        of = self.sales[["account_key", "net"]].merge(self.account, on="account_key", how="left")
        rows = self.twenty_largest(of.groupby("postcode", observed=True, dropna=False)["net"].sum(), "postcode")
        return [(None if pandas.isna(member) else member, net) for member, net in rows]

    def twenty_largest(self, sums, key):
        found = sums.reset_index()
        found[key] = found[key].astype(object)
        found = found.sort_values(["net", key], ascending=[False, True], kind="stable")
        rest = [("rest", found["net"].iloc[20:].sum())] if len(found) > 20 else []
        return list(found.head(20).itertuples(index=False, name=None)) + rest + [("total", found["net"].sum())]

    def net_sales_by_month(self):
        found = self.sales["net"].groupby(self.month(self.sales)).sum()
        if len(self.returned):
            found = found.sub(self.returned["net"].groupby(self.month(self.returned)).sum(), fill_value=0).astype("int64")
        rows = [(month.date(), net) for month, net in found.items()]
        return rows + [("total", self.sales["net"].sum() - int(self.returned["net"].sum()))]

    def net_profit_by_importance(self):
        parts = []
        for accounts, amounts, filled, sign in self.profits:
            importance = self.importance.reindex(accounts, fill_value=-1).to_numpy()
            part = pandas.DataFrame({"importance": importance, "profit": sign * amounts, "filled": filled})
            parts.append(part.groupby("importance").sum())
        found = pandas.concat(parts).groupby(level=0).sum()
        value = lambda profit, filled: int(profit) if filled else None
        rows = [(self.classes[at] if at >= 0 else None, value(profit, filled)) for at, profit, filled in found.itertuples()]
        return rows + [("total", value(found["profit"].sum(), found["filled"].sum()))]

    def expected_sales_by_city(self):
        of = self.expected.merge(self.account[["account_key", "city"]], on="account_key", how="left")
        found = of.groupby("city", observed=True, dropna=False)[["clv", "filled"]].sum()
        value = lambda clv, filled: int(clv) if filled else None
        rows = [(None if pandas.isna(city) else city, value(clv, filled)) for city, clv, filled in found.itertuples()]
        return rows + [("total", value(self.expected["clv"].sum(), self.expected["filled"].sum()))]

    def by_month_in_one_city(self):
        of = self.sales[["day", "account_key", "net"]].merge(self.account[self.account["city"] == "北京"], on="account_key")
        found = of["net"].groupby(self.month(of)).sum()
        return [(month.date(), net) for month, net in found.items()] + [("total", of["net"].sum())]

    def by_city(self):
        def sums(year):
            of = self.sales[(self.sales["day"] >= f"{year}-01-01") & (self.sales["day"] <= f"{year}-12-31")]
            of = of[["account_key", "net"]].merge(self.account, on="account_key", how="left")
            return of.groupby("city", observed=True, dropna=False)["net"].sum(), of["net"].sum()

        (this, this_total), (last, last_total) = sums(self.year), sums(self.year - 1)
        both = pandas.concat([this, last], axis=1, keys=["this", "last"]).astype("Int64")
        none = lambda value: None if value is pandas.NA or pandas.isna(value) else value
        rows = [(none(city), none(one), none(other)) for city, one, other in both.itertuples()]
        return rows + [("total", this_total, last_total)]

    def customers_by_month(self):
        return self.distinct_by_month(self.sales[self.sales["account_key"] >= 0], "account_key")

    def orders_by_month(self):
        return self.distinct_by_month(self.sales, "order")

    def orders_by_category(self):
        sales = self.sales[["order", "product_key"]].merge(self.product, on="product_key", how="left")
        found = sales["order"].groupby(sales["category_key"].fillna(-1)).nunique()
        rows = [(self.category_id.get(int(key)), number * UNIT) for key, number in found.items()]
        return rows + [("total", sales["order"].nunique() * UNIT)]

    def products_on_most_orders(self):
        found = self.sales.groupby("product_key")["order"].nunique().reset_index()
        found = found.sort_values(["order", "product_key"], ascending=[False, True], kind="stable")
        best = found.head(20)
        rows = [(self.product_id.get(int(key)), number * UNIT) for key, number in best.itertuples(index=False)]
        rest = self.sales[~self.sales["product_key"].isin(best["product_key"])]
        if len(rest):
            rows.append(("rest", rest["order"].nunique() * UNIT))
        return rows + [("total", self.sales["order"].nunique() * UNIT)]

    def distinct_by_month(self, sales, column):
        found = sales[column].groupby(self.month(sales)).nunique()
        rows = [(month.date(), number * UNIT) for month, number in found.items()]
        return rows + [("total", sales[column].nunique() * UNIT)]

    def rfm(self):
        known = self.sales[self.sales["account_key"] >= 0]
        bought = known.groupby("account_key").agg(day=("day", "max"), orders=("order", "nunique"), money=("net", "sum"))
        bought = bought.reset_index()
        for figure in ("day", "orders", "money"):
            order = numpy.lexsort((bought["account_key"], bought[figure]))
            size, more = divmod(len(bought), 5)
            fifth = numpy.repeat(numpy.arange(1, 6), [size + (number < more) for number in range(5)])
            bought[f"{figure}_fifth"] = 0
            bought.iloc[order, bought.columns.get_loc(f"{figure}_fifth")] = fifth
        bought["day"] = bought["day"].dt.date
        return bought


QUESTIONS = {
    "sales by month": "by_month",
    "sales by month and category": "by_month_and_category",
    "20 largest products and the rest": "largest_products",
    "20 best customers and the rest": "best_customers",
    "20 largest postcodes and the rest": "largest_postcodes",
    "a year beside the year before, by city": "by_city",
    "different customers by month": "customers_by_month",
    "orders by month": "orders_by_month",
    "orders by category": "orders_by_category",
    "20 products on most orders and the rest": "products_on_most_orders",
    "net sales by month": "net_sales_by_month",
    "net profit by importance": "net_profit_by_importance",
    "expected sales by city": "expected_sales_by_city",
    "sales by month of customers in one city": "by_month_in_one_city",
    "recency, frequency, money of every customer": "rfm",
}


def said(value):
    """A cell as `bench olap` writes it."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return str(uuid.UUID(bytes=value))
    if hasattr(value, "as_tuple"):
        return str(int(value * UNIT))
    return str(value)


def text(rows):
    rows = rows.itertuples(index=False) if isinstance(rows, pandas.DataFrame) else rows
    return sorted("\t".join(said(cell) for cell in row) for row in rows)


def wanted(folder, name, compared):
    lines = (folder / f"{name}.tsv").read_text(encoding="utf-8").split("\n")[:-1]
    # Without a period to compare there is an empty cell for it.
    return sorted(line if compared else line.removesuffix("\t") for line in lines)


def files_of(warehouse):
    newest = max((warehouse / "manifest").glob("*.json"))
    tables = json.loads(newest.read_text(encoding="utf-8"))["tables"]
    return {name: [str(warehouse / part["file"]) for part in table["segments"]] for name, table in tables.items()}


def main():
    folder = pathlib.Path(sys.argv[1])
    ours = json.loads((folder / "zhike.json").read_text(encoding="utf-8"))
    times = len(ours["questions"][0]["milliseconds"])
    files = files_of(pathlib.Path(ours["warehouse"]))
    others = [DuckDB(files, ours["year"]), Pandas(files, ours["year"])]
    machine = ours["machine"]
    print(f"{ours['lines']:,} order lines of {ours['customers']:,} customers, {ours['bytes'] / 1e6:,.0f} MB of Parquet; {machine['cores']} × {machine['processor']}")
    print(f"medians of {times}; pandas has read the columns before, in {others[1].seconds:.1f} s, the others read the files each time\n")
    heads = "".join(f"{other.name:>18}{'×':>7}" for other in others)
    print(f"{'milliseconds':<46}{'Zhike':>9}{heads}   answers")
    report, alike, late = [], True, []
    for question in ours["questions"]:
        name, median = question["name"], statistics.median(question["milliseconds"])
        expected = wanted(folder, name, "year before" in name)
        line = {"name": name, "rows": question["rows"], "zhike_ms": median}
        shown, same = f"{name:<46}{median:>9.1f}", True
        for other in others:
            ask = getattr(other, QUESTIONS[name])
            answer, taken = ask(), []
            for _ in range(times):
                began = time.perf_counter()
                answer = ask()
                taken.append((time.perf_counter() - began) * 1e3)
            theirs = statistics.median(taken)
            shown += f"{theirs:>18.1f}{theirs / median:>7.2f}"
            equal = text(answer) == expected
            same &= equal
            line[other.name] = {"ms": theirs, "ratio": theirs / median, "equal": equal}
            if not equal:
                found = text(answer)
                differing = sorted(set(found) ^ set(expected))[:4]
                print(f"  {other.name} says otherwise of “{name}” ({len(found)} rows, {len(expected)} of ours): {differing}", file=sys.stderr)
        alike &= same
        late += [name] if median > TARGET_MS else []
        print(f"{shown}   {'the same' if same else 'DIFFERENT'}")
        report.append(line)
    print(f"\n× is how many times as long as Zhike. Target {TARGET_MS} ms: " + ("met by every question" if not late else "missed by " + "; ".join(late)))
    result = {**{name: ours[name] for name in ("machine", "lines", "customers", "bytes", "refresh_seconds", "written_rows")}, "pandas_read_seconds": others[1].seconds, "target_ms": TARGET_MS, "questions": report}
    (folder / "olap.json").write_text(json.dumps(result, indent=2, ensure_ascii=False), encoding="utf-8")
    sys.exit(0 if alike else 1)


main()
