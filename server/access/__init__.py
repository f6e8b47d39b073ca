"""Who is asking, and what they may do: viewers, cookies, forgery protection and the one table of rights."""
