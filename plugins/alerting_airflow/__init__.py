"""What the DAGs need of Airflow: assets, the trigger that watches feeds, the task wrapper."""
