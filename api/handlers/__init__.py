"""What each route does: take the parsed call, ask a use case, render its answer."""
