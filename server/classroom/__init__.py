"""A live lesson: cards, lobby, roster, chat, hands and the leads' tools, over HTTP and Socket.IO."""
