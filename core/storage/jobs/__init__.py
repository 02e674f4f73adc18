"""What jobs, shards, requests and answers leave behind."""
