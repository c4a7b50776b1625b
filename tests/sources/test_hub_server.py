"""The test hub itself, driven by the real client: what is uploaded comes back, and what is refused is refused."""

from pathlib import Path

import pytest
from huggingface_hub import HfApi, ModelCard, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.sources.hub_server import HubServer

# huggingface_hub 2.4 sends LFS objects with an argument of httpx2 that httpx2 deprecates: lfs.py, _upload_single_part
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

FILES = {
    "README.md": b"---\nlicense: mit\n---\n# A model\n",
    "config.yaml": b"a: 1\n",
    "empty.txt": b"",
    "plots/curve.png": bytes(range(256)) * 100,
    "weights.safetensors": bytes(range(256)) * 12_000,  # 3 MB: three parts
}


@pytest.fixture
def api(hub: HubServer) -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.token)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, content in FILES.items():
        (tmp_path / "run" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / path).write_bytes(content)
    return tmp_path / "run"


def test_folder_there_and_back(hub: HubServer, api: HfApi, folder: Path, tmp_path: Path) -> None:
    api.create_repo("me/model")
    commit = api.upload_folder(repo_id="me/model", folder_path=folder, commit_message="a run").oid
    repository = hub.repository("me/model")
    stored = repository.commits[repository.refs["main"]]
    assert {path: blob.content for path, blob in stored.items()} == FILES
    assert {path for path, blob in stored.items() if blob.large} == {"plots/curve.png", "weights.safetensors"}
    assert (repository.refs["main"], repository.messages[commit]) == (commit, "a run")
    assert len(hub.seen("PUT", "/lfs/")) == 1 + 3
    back = Path(snapshot_download("me/model", local_dir=tmp_path / "back", endpoint=hub.url))
    assert {path: (back / path).read_bytes() for path in FILES} == FILES


def test_unchanged_files_are_not_sent_again(hub: HubServer, api: HfApi, folder: Path) -> None:
    api.create_repo("me/model")
    first = api.upload_folder(repo_id="me/model", folder_path=folder).oid
    sent = len(hub.seen("PUT"))
    assert api.upload_folder(repo_id="me/model", folder_path=folder).oid == first
    (folder / "config.yaml").write_bytes(b"a: 2\n")
    second = api.upload_folder(repo_id="me/model", folder_path=folder).oid
    assert second != first
    assert len(hub.seen("PUT")) == sent
    assert hub.repository("me/model").commits[second]["config.yaml"].content == b"a: 2\n"


def test_deleting_tags_and_branches(hub: HubServer, api: HfApi, folder: Path) -> None:
    api.create_repo("me/model")
    first = api.upload_folder(repo_id="me/model", folder_path=folder).oid
    api.create_tag("me/model", tag="v1")
    api.create_branch("me/model", branch="trial")
    api.upload_folder(repo_id="me/model", folder_path=folder / "plots", delete_patterns="*.yaml", revision="trial")
    assert api.list_repo_files("me/model", revision="v1") == sorted(FILES)
    assert "config.yaml" not in api.list_repo_files("me/model", revision="trial")
    assert api.model_info("me/model", revision="v1").sha == first
    assert api.file_exists("me/model", "config.yaml")
    assert not api.file_exists("me/model", "nothing")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag("me/model", tag="v1")


def test_tree_and_paths(api: HfApi, folder: Path) -> None:
    api.create_repo("me/data", repo_type="dataset")
    api.upload_folder(repo_id="me/data", folder_path=folder, repo_type="dataset")
    assert [entry.path for entry in api.list_repo_tree("me/data", repo_type="dataset")] == [
        "README.md",
        "config.yaml",
        "empty.txt",
        "plots",
        "weights.safetensors",
    ]
    info = api.get_paths_info("me/data", ["weights.safetensors", "nothing"], repo_type="dataset")
    assert [(entry.path, entry.lfs.size) for entry in info] == [("weights.safetensors", 3_072_000)]


def test_create_twice(api: HfApi) -> None:
    api.create_repo("me/model", private=True)
    assert api.repo_exists("me/model")
    assert api.create_repo("me/model", exist_ok=True).repo_id == "me/model"
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_repo("me/model")


def test_nobody_logged_in(hub: HubServer, api: HfApi, folder: Path) -> None:
    api.create_repo("me/model")
    stranger = HfApi(endpoint=hub.url, token=False)
    with pytest.raises(HfHubHTTPError, match="401"):
        stranger.create_repo("me/other")
    with pytest.raises((HfHubHTTPError, RepositoryNotFoundError), match="401"):
        stranger.upload_folder(repo_id="me/model", folder_path=folder)
    assert list(hub.repositories) == ["me/model"]
    assert hub.repository("me/model").info("main")["siblings"] == []
    assert api.whoami()["name"] == "me"


def test_a_card_without_a_head_is_refused(api: HfApi, folder: Path) -> None:
    api.create_repo("me/model")
    (folder / "README.md").write_bytes(b"# no head\n")
    with pytest.raises(ValueError, match="no YAML head"):
        api.upload_folder(repo_id="me/model", folder_path=folder)


def test_card(hub: HubServer, api: HfApi, folder: Path) -> None:
    api.create_repo("me/model")
    api.upload_folder(repo_id="me/model", folder_path=folder)
    assert ModelCard.load("me/model").data.license == "mit"
