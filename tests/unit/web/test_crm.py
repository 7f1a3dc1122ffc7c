"""Links to the CRM: made of templates that were checked at the start, whatever an id consists of."""

import pytest
from pydantic import ValidationError

from web.settings import WebSettings

HOSTILE = ["a/b", "../x", "a?b#c", "100%", "<script>", "javascript:alert(1)", "//evil.example", "é \u202e&=+", "'\"", "{id}", "@evil"]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_id_stays_where_the_template_has_it(name: str) -> None:
    crm = WebSettings(
        web_contact_url="https://crm.example/contacts/{id}",
        web_company_url="http://crm.example:8080/find?company={id}&copy={id}",
        web_sequence_url="https://crm.example/#/sequences/{id}/edit",
    ).crm
    for link, before, after in (
        (crm.contact(name), "https://crm.example/contacts/", ""),
        (crm.sequence(name), "https://crm.example/#/sequences/", "/edit"),
    ):
        assert link is not None
        assert link.startswith(before)
        assert link.endswith(after)
        assert not set(link[len(before) : len(link) - len(after)]) & set("/?#&=<>\"' :@{}")
    company = crm.company(name) or ""
    assert company.startswith("http://crm.example:8080/find?company=")
    assert company.count("&") == 1


def test_without_a_template_there_is_no_link() -> None:
    crm = WebSettings(web_contact_url="").crm
    assert [crm.contact("c"), crm.company("co"), crm.sequence("s")] == [None, None, None]


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("javascript:alert('{id}')", "does not begin with"),
        ("data:text/html,{id}", "does not begin with"),
        ("//crm.example/{id}", "does not begin with"),
        ("/contacts/{id}", "does not begin with"),
        ("https:///{id}", "does not begin with"),
        ("https://[crm/{id}", "is no address"),
        ("https://{id}.crm.example/", "name of the host"),
        ("https://crm.example:{id}/", "name of the host"),
        ("https://crm.example/contacts", "needs {id}"),
        ("https://crm.example/{account}/{id}", "needs {id}"),
        ("https://crm.example/{}/{id}", "needs {id}"),
        ("https://crm.example/a b/{id}", "a character"),
        ("https://crm.example/\u202e{id}", "a character"),
        ('https://crm.example/"{id}', "a character"),
    ],
)
def test_what_is_no_template_is_refused_at_the_start(template: str, named: str) -> None:
    with pytest.raises(ValidationError) as error:
        WebSettings(web_contact_url=template)
    (fault,) = error.value.errors()
    assert fault["loc"] == ("web_contact_url",)
    assert named in fault["msg"]


def test_the_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_WEB_COMPANY_URL", "https://crm.example/companies/{id}")
    assert WebSettings().crm.company("a b") == "https://crm.example/companies/a%20b"
