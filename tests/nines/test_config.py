from pathlib import Path

import pytest

from nines.config import ROOT, BadSettings, Settings, settings_table


def test_every_setting_says_what_it_means() -> None:
    table = settings_table()

    for name, field in Settings.model_fields.items():
        assert field.description, f"{name} has no description"
        assert field.description.endswith(".")
        assert f"| `NINES_{name.upper()}` |" in table


def test_the_table_names_no_path_of_this_machine() -> None:
    assert str(ROOT) not in settings_table()


def test_a_wrong_setting_is_named_as_it_is_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NINES_PORT", "eighty")
    monkeypatch.setenv("NINES_SESSION_MINUTES", "0")

    with pytest.raises(BadSettings) as wrong:
        Settings.read()

    assert "NINES_PORT: " in str(wrong.value)
    assert "NINES_SESSION_MINUTES: " in str(wrong.value)


def test_a_misspelt_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_STATEDIR", "elsewhere")

    with pytest.raises(BadSettings, match="NINES_STATEDIR: there is no such setting"):
        Settings.read()


def test_a_wrong_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_METRICS_TOKEN", "very secret")
    monkeypatch.setenv("NINES_PORT", "eighty")

    with pytest.raises(BadSettings) as wrong:
        Settings.read()

    assert "very secret" not in str(wrong.value)
    monkeypatch.setenv("NINES_PORT", "80")
    assert "very secret" not in repr(Settings.read())


def test_the_database_is_a_file_in_the_state_folder_unless_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NINES_STATE_DIR", str(tmp_path))
    assert Settings.read().database == f"sqlite+aiosqlite:///{tmp_path}/nines.db"

    monkeypatch.setenv("NINES_DATABASE_URL", "postgresql+asyncpg://db/nines")
    assert Settings.read().database == "postgresql+asyncpg://db/nines"
