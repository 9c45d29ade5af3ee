-- Confirmation of one product's lines, for boards that are narrowed to it, out of the sums instead of the lines.
CREATE INDEX flow_sum_product ON flow_sum (product_id, month, credited_id, terminal_id, open_count, confirmed_count,
    appealed_count);
-- From a unit to those above it, without its rows.
DROP INDEX org_closure_descendant;
CREATE INDEX org_closure_descendant ON org_closure (descendant_id, ancestor_id);
