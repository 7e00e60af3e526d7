"""The variables of single sign-on: what they mean, and how bad ones are refused."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from config import ConfigurationError, settings_from

CORP = {
    "PUBLIC_URL": "https://crm.example.com",
    "SSO_PROVIDERS": "corp",
    "SSO_CORP_ISSUER": "https://id.example.com",
    "SSO_CORP_CLIENT_ID": "lianxi",
    "SSO_CORP_CLIENT_SECRET": "hush-hush",
}


def test_several_at_once_in_the_order_of_the_list() -> None:
    settings = settings_from(
        CORP
        | {
            "SSO_PROVIDERS": " wecom, corp,lark ",
            "SSO_WECOM_CORP_ID": "ww1",
            "SSO_WECOM_AGENT_ID": "1000002",
            "SSO_WECOM_SECRET": "hush-hush",
            "SSO_LARK_KIND": "feishu",
            "SSO_LARK_APP_ID": "cli_1",
            "SSO_LARK_APP_SECRET": "hush-hush",
            "SSO_LARK_TENANT_KEY": "t1",
            "SSO_LARK_API_URL": "https://open.larksuite.com/",
            "SSO_CORP_CREATE_USERS": "1",
            "SSO_CORP_DOMAINS": "@Example.com, example.cn",
            "SSO_CORP_TEAM": "North",
            "SSO_ALLOW_CIDRS": "10.1.0.0/16, fd00:1::/64",
        }
    )
    wecom, corp, lark = settings.sso
    assert (wecom.key, wecom.kind, wecom.client_id, wecom.agent_id) == ("wecom", "wecom", "ww1", "1000002")
    assert (corp.kind, corp.domains, corp.role, corp.team) == ("oidc", ("example.com", "example.cn"), "sales", "North")
    assert not corp.links_by_email
    assert (lark.kind, lark.tenant, lark.api_url) == ("feishu", "t1", "https://open.larksuite.com")
    assert settings.sso_allow == (ip_network("10.1.0.0/16"), ip_network("fd00:1::/64"))
    assert "hush-hush" not in repr(settings)


def test_none_by_default() -> None:
    assert settings_from({}).sso == ()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"PUBLIC_URL": ""}, "SSO_PROVIDERS needs PUBLIC_URL"),
        ({"SSO_PROVIDERS": "Corp"}, "SSO_PROVIDERS: 'Corp'"),
        ({"SSO_PROVIDERS": "corp,corp"}, "SSO_PROVIDERS: 'corp'"),
        ({"SSO_PROVIDERS": "corp,a_b"}, "SSO_PROVIDERS: 'a_b'"),
        ({"SSO_PROVIDERS": ""}, "SSO_PROVIDERS does not name 'corp'"),
        ({"SSO_OTHER_NAME": "x"}, "SSO_OTHER_NAME: SSO_PROVIDERS does not name 'other'"),
        ({"SSO_CORP_KIND": "saml"}, "SSO_CORP_KIND='saml': one of oidc, wecom, dingtalk, feishu is expected"),
        ({"SSO_CORP_CLIENT_SECRET": ""}, "SSO_CORP_CLIENT_SECRET is missing: oidc needs ISSUER, CLIENT_ID"),
        ({"SSO_CORP_CORP_ID": "x"}, "SSO_CORP_CORP_ID: oidc knows"),
        ({"SSO_CORP_KIND": "wecom"}, "SSO_CORP_CORP_ID is missing: wecom needs"),
        ({"SSO_CORP_ISSUER": "id.example.com"}, "SSO_CORP_ISSUER='id.example.com': an address"),
        ({"SSO_CORP_SCOPES": "profile"}, "SSO_CORP_SCOPES='profile': openid is expected"),
        ({"SSO_CORP_DOMAINS": "example"}, "SSO_CORP_DOMAINS='example': domains such as"),
        ({"SSO_CORP_CREATE_USERS": "1"}, "SSO_CORP_CREATE_USERS needs SSO_CORP_DOMAINS"),
        ({"SSO_CORP_CREATE_USERS": "perhaps"}, "SSO_CORP_CREATE_USERS='perhaps': 1 or 0"),
        ({"SSO_CORP_ROLE": "admin"}, "SSO_CORP_ROLE=admin: nobody becomes an admin"),
        ({"SSO_ALLOW_CIDRS": "10.0.0.1/8"}, "SSO_ALLOW_CIDRS='10.0.0.1/8': networks such as"),
        ({"SSO_ALLOW_CIDRS": "intranet"}, "SSO_ALLOW_CIDRS='intranet'"),
    ],
)
def test_what_is_refused(changes: dict[str, str], text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_from(CORP | changes)
    assert text in str(refused.value)
    assert "hush-hush" not in str(refused.value)


def test_a_bad_address_of_a_platform() -> None:
    env = {
        "PUBLIC_URL": "https://crm.example.com",
        "SSO_PROVIDERS": "dingtalk",
        "SSO_DINGTALK_CLIENT_ID": "d",
        "SSO_DINGTALK_CLIENT_SECRET": "hush-hush",
        "SSO_DINGTALK_CORP_ID": "c",
        "SSO_DINGTALK_SIGN_IN_URL": "login.dingtalk.com",
    }
    with pytest.raises(ConfigurationError, match="SSO_DINGTALK_SIGN_IN_URL="):
        settings_from(env)
