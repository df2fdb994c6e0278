"""What portable SQL may be built of: each allowed part of a query, with the rule that it keeps."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from joinedup.engine import portable_mixed as mixed
from joinedup.engine import portable_queries as queries
from joinedup.engine import portable_values as values
from joinedup.engine.portable_context import Context, Refusal, Rule


def _allowed(node: exp.Expression, context: Context) -> Iterable[Refusal]:
    return ()


RULES: dict[type[exp.Expression], Rule] = {
    **dict.fromkeys(
        [
            exp.TableAlias, exp.From, exp.Column, exp.Order, exp.GroupingSets,
            exp.Subquery, exp.Paren, exp.Tuple, exp.Values, exp.Null, exp.Boolean, exp.Var, exp.DataType, exp.DataTypeParam,
            exp.Is, exp.Exists, exp.Neg, exp.Abs, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd, exp.Filter,
            exp.WindowSpec, *queries.RANKING, exp.Replace, exp.Upper, exp.Lower, exp.Length,
            exp.Anonymous,  # a function that sqlglot has no node for: its name is judged as a word
        ],
        _allowed,
    ),
    **dict.fromkeys([exp.Between, exp.Case, exp.Coalesce, exp.Nullif, exp.Least, exp.Greatest, exp.Mul], mixed.mixed_rule),
    **dict.fromkeys([exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ], mixed.compared_rule),
    **dict.fromkeys([exp.And, exp.Or, exp.Not, exp.If, exp.Having], mixed.condition_rule),
    exp.Avg: mixed.number_rule,
    exp.Select: queries.select_rule,
    exp.Identifier: queries.name_rule,
    exp.Where: mixed.with_condition(queries.where_rule),
    exp.Star: queries.star_rule,
    exp.Distinct: queries.distinct_rule,
    exp.Table: queries.table_rule,
    exp.Join: queries.join_rule,
    exp.Union: mixed.with_kinds(queries.set_operation_rule),
    exp.Except: mixed.with_kinds(queries.set_operation_rule),
    exp.Intersect: mixed.with_kinds(queries.set_operation_rule),
    exp.With: queries.with_rule,
    exp.CTE: queries.cte_rule,
    exp.In: mixed.with_kinds(queries.in_rule),
    exp.Group: queries.group_rule,
    exp.Ordered: queries.ordered_rule,
    exp.Literal: values.literal_rule,
    exp.Div: mixed.with_kinds(values.division_rule),
    exp.Mod: mixed.with_kinds(values.division_rule),
    exp.Sqrt: values.root_rule,
    exp.Cast: values.cast_rule,
    exp.TryCast: values.cast_rule,
    exp.DPipe: values.joined_text_rule,
    exp.Sum: values.sum_rule,
    exp.Count: values.count_rule,
    exp.Median: values.median_rule,
    exp.Grouping: values.grouping_rule,
    exp.Floor: values.whole_rule,
    exp.Ceil: values.whole_rule,
    exp.Round: values.whole_rule,
    exp.Add: mixed.with_kinds(values.arithmetic_rule),
    exp.Sub: mixed.with_kinds(values.arithmetic_rule),
    exp.Interval: values.interval_rule,
    exp.DateTrunc: values.date_trunc_rule,
    exp.Extract: values.extract_rule,
    exp.Like: values.like_rule,
    exp.Left: values.cut_rule,
    exp.Right: values.cut_rule,
    exp.Substring: values.cut_rule,
    exp.Pad: values.cut_rule,
    exp.Trim: values.trim_rule,
    exp.Window: queries.window_rule,
    exp.Alias: values.alias_rule,
}  # fmt: skip
