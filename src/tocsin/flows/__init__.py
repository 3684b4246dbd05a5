"""What happens: read, ask the domain to decide, write. One file a flow; flows never call one another."""
