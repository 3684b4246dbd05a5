"""Try grouping rules on stored events before they are saved: ``replay`` asks, ``process`` does it apart."""
