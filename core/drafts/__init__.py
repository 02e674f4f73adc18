"""From a wish to request lines: fact sheets, indicators, drafting, costing, submission."""
