"""Five tables of a build in Polars, lazily, written by hand; benchmarks/peers.py holds their rows against those of the build.

python benchmarks/peers_polars.py INPUTS OUT, where INPUTS is JSON: table -> its files. It imports nothing of joinedup, so any Python
that has Polars can run it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

ROWS_IN_GROUP = 20_480
TOGETHER = (
    "activity_id person_id linked_by sector point_of_delivery service provider_code starts ends admission_method outcome ready_on units "
    "short_units accrues price_pence file_id source_row"
)
FROM_ROW = ("person_id", "linked_by", "file_id", "source_row")
Tables = Callable[[str], pl.LazyFrame]


def _number() -> pl.Expr:
    """The id of the activity that a source row becomes."""
    return pl.col("file_id").cast(pl.Int64) * 10_000_000_000 + pl.col("source_row")


def _appointments(of: Tables) -> pl.LazyFrame:
    mode, status = pl.col("appt_mode"), pl.col("appt_status")
    return of("landed_gp_appointment").select(
        *FROM_ROW,
        activity_id=_number(),
        sector=pl.lit("primary care"),
        point_of_delivery=pl.when(mode.is_in(["TELEPHONE", "VIDEO CONFERENCE/ONLINE", "VIDEO/ONLINE"]))
        .then(pl.lit("GP appointment telephone or video"))
        .when(mode == "ONLINE")
        .then(pl.lit("GP appointment online"))
        .otherwise(pl.lit("GP appointment face to face")),
        service=pl.col("national_category"),
        provider_code=pl.col("practice_code"),
        starts=pl.col("appointment_date"),
        ends=pl.col("appointment_date"),
        outcome=status.replace_strict({"ATTENDED": "attended", "DNA": "did not attend", "CANCELLED": "cancelled"}, default=None),
        units=pl.when(status == "ATTENDED").then(1).when(status.is_in(["DNA", "CANCELLED"])).then(0).cast(pl.Int32),
        price_pence=pl.lit(None, pl.Int64),
    )


def _items(of: Tables) -> pl.LazyFrame:
    day = pl.coalesce("dispensed_date", "processing_period_date")
    return of("landed_gp_medication").select(
        *FROM_ROW,
        activity_id=_number(),
        sector=pl.lit("primary care"),
        point_of_delivery=pl.lit("Prescription item"),
        service=pl.col("paid_bnf_name"),
        provider_code=pl.col("cost_centre_ods_code"),
        starts=day,
        ends=day,
        outcome=pl.lit(None, pl.String),
        units=pl.col("item_count").fill_null(1).cast(pl.Int32),
        price_pence=pl.coalesce("nic_pence", "actual_cost_pence").cast(pl.Int64),
    )


def _calls(of: Tables) -> pl.LazyFrame:
    return of("landed_urgent_call").select(
        *FROM_ROW,
        activity_id=_number(),
        sector=pl.lit("urgent care"),
        point_of_delivery=pl.when(pl.col("case_type").str.starts_with("OUT OF HOURS"))
        .then(pl.lit("Out-of-hours contact"))
        .otherwise(pl.lit("Urgent call (111)")),
        service=pl.col("nhs_england_mds_final_dx_group"),
        provider_code=pl.col("provider_code"),
        starts=pl.col("call_date"),
        ends=pl.coalesce("call_end_date", "call_date"),
        outcome=pl.lit("closed"),
        units=pl.lit(1, pl.Int32),
        price_pence=pl.lit(None, pl.Int64),
    )


def activity_primary(of: Tables) -> pl.LazyFrame:
    """Appointments, prescription items and urgent calls."""
    same = {
        "admission_method": pl.lit(None, pl.String),
        "ready_on": pl.lit(None, pl.Date),
        "short_units": pl.lit(0, pl.Int32),
        "accrues": pl.lit(False),
    }
    return pl.concat([_appointments(of), _items(of), _calls(of)]).with_columns(**same).select(TOGETHER.split()).sort("activity_id")


def _days_of(rows: pl.LazyFrame, spells: pl.LazyFrame, by: list[str]) -> pl.LazyFrame:
    """Each distinct day (and what stands in `by`) with the spells in force: then rows join on equality."""
    keys = rows.select("starts", *by).unique()
    apart = spells.rename({"starts": "from", "ends": "to"})
    both = keys.join(apart, on=by, how="inner") if by else keys.join(apart, how="cross")
    in_force = (pl.col("from") <= pl.col("starts")).fill_null(True) & (pl.col("starts") < pl.col("to")).fill_null(True)
    return both.filter(in_force).drop("from", "to")


def _accrued(together: pl.LazyFrame, of: Tables) -> pl.LazyFrame:
    """What goes on day by day, with the cost of its days at the prices of each."""
    as_at = of("place_parameter").select("as_at")
    price_time = of("price_time").select("starts", "ends", "price_year", "to_base")
    dated = together.filter(pl.col("accrues") & (pl.col("units") > 0)).join(as_at, how="cross")
    last = pl.col("as_at") + pl.duration(days=1)
    days = (
        dated.join(price_time.rename({"starts": "from", "ends": "to"}), how="cross")
        .filter((pl.col("from") < pl.coalesce("ends", last)).fill_null(True) & (pl.col("starts") < pl.col("to")).fill_null(True))
        .with_columns(
            days=(
                pl.min_horizontal(pl.coalesce("ends", last), pl.coalesce("to", last))
                - pl.max_horizontal("starts", pl.coalesce("from", "starts"))
            ).dt.total_days()
        )
        .filter(pl.col("days") > 0)
        .join(
            of("unit_cost").select("point_of_delivery", "price_base", "cost_pence", "constant_cost_pence"),
            left_on=["point_of_delivery", "price_year"],
            right_on=["point_of_delivery", "price_base"],
            how="left",
        )
    )
    weighed, priced_days = pl.col("days"), pl.col("days") * pl.col("cost_pence")
    constant_days = pl.col("days") * pl.col("constant_cost_pence")
    return days.group_by("activity_id").agg(
        by_day=pl.lit(True),
        day_pence=pl.when(priced_days.count() > 0).then(priced_days.sum()),
        day_constant=pl.when(constant_days.count() > 0).then(constant_days.sum()),
        day_to_base=(weighed * pl.col("to_base")).sum() / weighed.sum(),
    )


def _priced(together: pl.LazyFrame, of: Tables) -> pl.LazyFrame:
    """Each activity with the average for it, at the prices of its time and at those of the base year."""
    prices = of("unit_cost").select(
        "point_of_delivery",
        "starts",
        "ends",
        "price_base",
        *("cost_pence", "short_cost_pence", "constant_cost_pence", "constant_short_cost_pence"),
    )
    units, short = pl.col("units"), pl.col("short_units")
    plain = pl.col("short_cost_pence").is_null()
    both = (units - short) * pl.col("cost_pence") + short * pl.col("short_cost_pence")
    both_constant = (units - short) * pl.col("constant_cost_pence") + short * pl.col("constant_short_cost_pence")
    by_day = pl.col("by_day").is_not_null()
    return (
        together.join(
            _days_of(together, of("price_time").select("starts", "ends", "to_base"), []), on="starts", how="left", nulls_equal=True
        )
        .join(
            _days_of(together, prices, ["point_of_delivery"]),
            on=["point_of_delivery", "starts"],
            how="left",
            nulls_equal=True,
        )
        .join(_accrued(together, of), on="activity_id", how="left")
        .with_columns(
            to_base=pl.coalesce("day_to_base", "to_base"),
            price_base=pl.when(by_day).then(pl.lit("by day")).otherwise("price_base"),
            average_pence=pl.when(by_day).then("day_pence").when(plain).then(units * pl.col("cost_pence")).otherwise(both),
            constant_average=pl.when(by_day)
            .then("day_constant")
            .when(plain)
            .then(units * pl.col("constant_cost_pence"))
            .otherwise(both_constant),
        )
    )


def activity(of: Tables) -> pl.LazyFrame:
    """All activities with their prices."""
    kinds = ("acute", "attendance", "primary", "social", "children", "community")
    together = pl.concat([of(f"activity_{kind}").select(TOGETHER.split()) for kind in kinds])
    sites = of("provider_site").select("site_code", site_of="provider_code")
    successors = of("place_succession").filter((pl.col("kind") == "partner") & pl.col("ends").is_null()).select("code", "successor_code")
    paid, averaged = pl.col("price_pence").is_not_null(), pl.col("average_pence").is_not_null()
    return (
        _priced(together, of)
        .join(sites, left_on="provider_code", right_on="site_code", how="left")
        .with_columns(provider_code=pl.coalesce("site_of", "provider_code"))
        .join(successors, left_on="provider_code", right_on="code", how="left")
        .select(
            *("activity_id", "person_id", "linked_by", "sector", "point_of_delivery", "service", "provider_code"),
            pl.coalesce("successor_code", "provider_code").alias("provider_now"),
            *("starts", "ends", "admission_method", "outcome", "ready_on", "units", "accrues"),
            pl.coalesce("price_pence", "average_pence").alias("cost_pence"),
            pl.when(paid).then(pl.lit("extract")).when(averaged).then(pl.lit("unit_cost")).alias("costing_method"),
            pl.when(paid).then(pl.lit("as paid")).when(averaged).then("price_base").alias("price_base"),
            pl.when(~paid)
            .then("constant_average")
            .otherwise((pl.col("price_pence").cast(pl.Float64) * pl.col("to_base") + 0.5).floor().cast(pl.Int64))
            .alias("constant_pence"),
            *("average_pence", "file_id", "source_row"),
        )
        .sort("person_id", "starts", "activity_id", nulls_last=False)
    )


def place_activity(of: Tables) -> pl.LazyFrame:
    """Activities of the place's people, with where they then belonged."""
    first = of("registration").group_by("person_id").agg(first=pl.col("starts").min())
    born = pl.col("birth_month")
    newborn = (pl.col("starts") == pl.col("first")) & (pl.col("starts") < born.dt.offset_by("4mo"))
    belonging = (
        of("counted_spell")
        .select("person_id", "neighbourhood_id", "starts", "ends")
        .join(of("person").select("person_id", "birth_month", "death_date"), on="person_id")
        .join(first, on="person_id", how="left")
        .select(
            "person_id",
            "neighbourhood_id",
            "birth_month",
            pl.when(newborn).then(born).otherwise("starts").alias("from"),
            pl.when(pl.col("ends") == pl.col("death_date")).then(pl.col("death_date") + pl.duration(days=1)).otherwise("ends").alias("to"),
        )
    )
    uses = of("file_use").filter("planning").select("file_id", "held_by_practice")
    months = (
        (pl.col("starts").dt.year().cast(pl.Int64) - born.dt.year()) * 12 + pl.col("starts").dt.month().cast(pl.Int64) - born.dt.month()
    )
    return (
        of("activity")
        .join(belonging, on="person_id")
        .filter((pl.col("from") <= pl.col("starts")).fill_null(True) & (pl.col("starts") < pl.col("to")).fill_null(True))
        .join(uses, on="file_id")
        .join(of("may_use").select("person_id", "practice_planning"), on="person_id", how="left")
        .filter(~pl.col("held_by_practice") | pl.col("practice_planning"))
        .select(
            *("activity_id", "person_id", "neighbourhood_id"),
            (months / 12).floor().cast(pl.Int32).alias("age"),
            *("sector", "point_of_delivery"),
            pl.col("provider_now").alias("provider_code"),
            *("starts", "accrues"),
            (pl.col("accrues") | (pl.col("units").fill_null(1) > 0)).alias("took_place"),
            *("cost_pence", "costing_method", "price_base", "constant_pence", "average_pence", "file_id"),
        )
        .sort("activity_id")
    )


def area_cost(of: Tables) -> pl.LazyFrame:
    """Cost by area, sector and point of delivery."""
    keys = ["sector", "point_of_delivery", "costing_method"]
    sums = {name: pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in ("cost_pence", "constant_pence")}
    taken = (
        of("place_activity")
        .join(of("place_parameter").select("period_start", "period_end"), how="cross")
        .filter(
            ~pl.col("accrues")
            & pl.col("took_place")
            & (pl.col("starts") >= pl.col("period_start"))
            & (pl.col("starts") < pl.col("period_end"))
        )
        .group_by("neighbourhood_id", *keys)
        .agg(activities=pl.len().cast(pl.Int64), costed=pl.col("cost_pence").count().cast(pl.Int64), **sums)
    )
    nowhere = pl.col("neighbourhood_id").is_null()
    area = {
        "area_type": pl.when(nowhere).then(pl.lit("none")).otherwise(pl.lit("neighbourhood")),
        "area_id": pl.col("neighbourhood_id").fill_null("none"),
    }
    place = {"area_type": pl.lit("place"), "area_id": pl.lit("place")}
    days = of("package_days")
    package = (
        pl.concat([days.with_columns(**area), days.with_columns(**place)], how="diagonal")
        .group_by("area_type", "area_id", "activity_id", *keys)
        .agg(**sums)
        .with_columns(activities=pl.lit(1, pl.Int64), costed=pl.col("cost_pence").is_not_null().cast(pl.Int64))
    )
    columns = ["area_type", "area_id", *keys, "activities", "costed", "cost_pence", "constant_pence"]
    together = pl.concat([frame.select(columns) for frame in (taken.with_columns(**area), taken.with_columns(**place), package)])
    method = pl.col("costing_method")
    return (
        together.group_by("area_type", "area_id", "sector", "point_of_delivery")
        .agg(
            pl.col("activities").sum(),
            pl.col("costed").sum(),
            **sums,
            from_extract=pl.col("activities").filter(method == "extract").sum(),
            from_unit_cost=pl.col("activities").filter(method == "unit_cost").sum(),
        )
        .sort("area_type", "area_id", "sector", "point_of_delivery")
    )


def told_count(of: Tables) -> pl.LazyFrame:
    """How many records each provider told of, by day."""
    kinds = ("attendance", "primary", "social", "community")
    together = pl.concat([of(f"activity_{kind}").filter(~pl.col("accrues")).select("file_id", "provider_code", "starts") for kind in kinds])
    sites = of("provider_site").select("site_code", site_of="provider_code")
    successors = of("place_succession").filter((pl.col("kind") == "partner") & pl.col("ends").is_null()).select("code", "successor_code")
    counted = (
        together.join(of("file_use").filter("planning").select("file_id", "contract"), on="file_id")
        .join(of("place_parameter").select("as_at"), how="cross")
        .filter(pl.col("starts") <= pl.col("as_at"))
        .join(sites, left_on="provider_code", right_on="site_code", how="left")
        .with_columns(code=pl.coalesce("site_of", "provider_code"))
        .join(successors, on="code", how="left")
        .group_by(
            "contract",
            pl.coalesce("successor_code", "code").fill_null("none").alias("provider_code"),
            pl.col("starts").dt.truncate("1mo").alias("month"),
            pl.col("starts").alias("latest"),
        )
        .agg(records=pl.len().cast(pl.Int64))
    )
    keys = ["contract", "provider_code", "month", "latest"]
    stays = of("told_stay").group_by(keys).agg(records=pl.len().cast(pl.Int64))
    return pl.concat([stays.select(*keys, "records"), counted.select(*keys, "records")]).sort(keys)


def main() -> None:
    """What each table took, by the clock and of the processor, as JSON; its rows lie in OUT."""
    inputs, out = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2])
    taken = {}
    for make in (activity_primary, activity, place_activity, area_cost, told_count):
        clock, processor = time.perf_counter(), time.process_time()
        rows = make(lambda name: pl.scan_parquet(inputs[name]))
        rows.sink_parquet(out / f"{make.__name__}.parquet", compression="zstd", row_group_size=ROWS_IN_GROUP)
        taken[make.__name__] = {"seconds": time.perf_counter() - clock, "processor seconds": time.process_time() - processor}
    print(json.dumps(taken | {"version": pl.__version__}))


if __name__ == "__main__":
    main()
