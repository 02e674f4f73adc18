"""What a person asks for: jobs, sets, results, portfolios, imports, rules, oversight."""
