"""A worker that hosts agents of Pydantic AI; nothing in them knows of Trialbook.

The model is a script: what it answers follows from what it was told.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

from pydantic_ai import Agent, ModelRetry
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from trialbook.client import Worker

Agent.instrument_all()


def travel_script(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Call the tools that the question is about, together; then answer with what they gave."""
    last = messages[-1].parts
    returned = [
        str(part.content) for part in last if isinstance(part, ToolReturnPart | RetryPromptPart)
    ]
    if any("no table" in content for content in returned):
        return ModelResponse(parts=[ToolCallPart("book_table", {"hour": 20})])
    if returned:
        return ModelResponse(parts=[TextPart(", ".join(returned))])
    question = next(str(part.content) for part in last if isinstance(part, UserPromptPart))
    return ModelResponse(parts=travel_calls(question))


def travel_calls(question: str) -> list[ToolCallPart]:
    if "weather" in question:
        cities = [word for word in question.split() if word.istitle()]
        return [ToolCallPart("get_weather", {"city": city}) for city in cities]
    if "table" in question:
        return [ToolCallPart("book_table", {"hour": 19})]
    return [ToolCallPart("ask_expert", {"question": question})]


def expert_script(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
    if returned:
        return ModelResponse(parts=[TextPart(str(returned[0].content))])
    return ModelResponse(parts=[ToolCallPart("look_up", {"topic": "visa"})])


travel = Agent(FunctionModel(travel_script), name="travel")
expert = Agent(FunctionModel(expert_script), name="expert")


@travel.tool_plain
async def get_weather(city: str) -> str:
    return f"{city}: rain"


@travel.tool_plain
def book_table(hour: int) -> str:
    if hour < 20:
        raise ModelRetry("There is no table before 20:00.")
    return f"A table at {hour}:00"


@travel.tool_plain
async def ask_expert(question: str) -> str:
    return (await expert.run(question)).output


@expert.tool_plain
def look_up(topic: str) -> str:
    return f"No {topic} is needed."


worker = Worker(revision="1")


@worker.target("travel")
async def run_travel(question: str) -> str:
    return (await travel.run(question)).output
