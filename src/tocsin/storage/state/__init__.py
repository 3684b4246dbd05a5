"""Small transactional rows: organizations, projects, issues, people. SQLite or PostgreSQL, one SQL."""
