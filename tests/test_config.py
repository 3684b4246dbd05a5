"""Settings: where they come from, and what is said about bad ones."""

import pytest

from tocsin.config import BadSettings, read_settings


def test_options_win_over_the_environment_and_the_environment_over_the_file(tmp_path):
    (tmp_path / "tocsin.toml").write_text('port = 1000\nhost = "10.0.0.1"\nlog_level = "error"\n')
    settings = read_settings({"port": "3000"}, {"TOCSIN_PORT": "2000", "TOCSIN_HOST": "10.0.0.2"}, tmp_path)
    assert (settings.port, settings.host, settings.log_level) == (3000, "10.0.0.2", "error")


def test_options_that_are_not_given_change_nothing(tmp_path):
    assert read_settings({"port": None}, {}, tmp_path).port == 8000


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"TOCSIN_PROT": "1"}, "Unknown setting TOCSIN_PROT"),
        ({"TOCSIN_PORT": "abc"}, "Bad setting TOCSIN_PORT: Expected `int`, got `str`; got 'abc'"),
        ({"TOCSIN_PORT": "99999"}, "Bad setting TOCSIN_PORT"),
        ({"TOCSIN_STATE_URL": "mysql://x"}, "must start with sqlite:// or postgresql://"),
        ({"TOCSIN_SPOOL_URL": "redis://x"}, "must start with file://"),
        ({"TOCSIN_URL": "tocsin.example.com"}, "must start with http:// or https://"),
        ({"TOCSIN_LOG_FORMAT": "xml"}, "Bad setting TOCSIN_LOG_FORMAT"),
    ],
)
def test_a_bad_setting_is_told_in_one_line(environment, text, tmp_path):
    with pytest.raises(BadSettings) as refused:
        read_settings({}, environment, tmp_path)
    assert text in refused.value.detail
    assert "\n" not in refused.value.detail


def test_a_file_that_is_not_toml_is_told(tmp_path):
    (tmp_path / "tocsin.toml").write_text("port = = 1")
    with pytest.raises(BadSettings, match="is not valid TOML"):
        read_settings({}, {}, tmp_path)


def test_stores_live_in_the_data_directory_unless_told_otherwise(tmp_path):
    settings = read_settings({"data": str(tmp_path), "state_url": "postgresql://db/tocsin"}, {}, tmp_path)
    assert settings.store_url("state") == "postgresql://db/tocsin"
    assert settings.store_url("history") == f"chdb://{tmp_path}/history"
    assert settings.store_url("spool") == f"file://{tmp_path}/spool"


def test_the_public_url_is_made_of_host_and_port_unless_set(tmp_path):
    assert read_settings({"port": "9"}, {}, tmp_path).public_url == "http://127.0.0.1:9"
    assert read_settings({"url": "https://t.example.com/"}, {}, tmp_path).public_url == "https://t.example.com"
