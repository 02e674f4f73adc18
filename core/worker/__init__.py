"""What a shard goes through: submit, watch, collect, queue, retries, tool rounds; and the durable engine."""
