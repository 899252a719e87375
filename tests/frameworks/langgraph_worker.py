"""A worker that hosts a graph of LangGraph; nothing in it knows of Trialbook.

The model is a script: what it answers follows from what it was told.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from openinference.instrumentation.langchain import LangChainInstrumentor

from trialbook.client import Worker

LangChainInstrumentor().instrument()


class Script(BaseChatModel):
    """Calls the tools that the question is about, together; then answers with what they gave."""

    @property
    def _llm_type(self) -> str:
        return "script"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> ChatResult:
        returned: list[str] = []
        for message in reversed(messages):
            if not isinstance(message, ToolMessage):
                break
            returned.insert(0, str(message.content))
        if any("no room" in content for content in returned):
            answer = AIMessage("", tool_calls=[call("book_table", hour=20)])
        elif returned:
            answer = AIMessage(", ".join(returned))
        else:
            answer = AIMessage("", tool_calls=calls(str(messages[-1].content)))
        return ChatResult(generations=[ChatGeneration(message=answer)])


def call(name: str, **arguments: Any) -> Any:
    identity = "-".join([name, *map(str, arguments.values())])
    return {"name": name, "args": arguments, "id": identity, "type": "tool_call"}


def calls(question: str) -> list[Any]:
    if "weather" in question:
        cities = [word for word in question.split() if word.istitle()]
        return [call("get_weather", city=city, unit="C") for city in cities]
    return [call("book_table", hour=19)]


@tool
def get_weather(city: str, unit: str) -> str:
    """Tell the weather."""
    return f"{city}: 9 {unit}"


@tool
def book_table(hour: int) -> str:
    """Book a table."""
    if hour < 20:
        raise ValueError(f"no room at {hour}:00")
    return f"A table at {hour}:00"


def ask_model(state: MessagesState) -> dict[str, list[BaseMessage]]:
    return {"messages": [Script().invoke(state["messages"])]}


builder = StateGraph(MessagesState)
builder.add_node("agent", ask_model)
builder.add_node("tools", ToolNode([get_weather, book_table], handle_tool_errors=True))
builder.add_edge(START, "agent")
builder.add_conditional_edges("agent", tools_condition)
builder.add_edge("tools", "agent")
graph = builder.compile()

worker = Worker(revision="1")


@worker.target("travel")
def run_travel(question: str) -> str:
    answered = graph.invoke({"messages": [("user", question)]})
    return str(answered["messages"][-1].content)
