"""Nodes that frameworks put into their own graphs, which no author of a graph wrote."""

from __future__ import annotations

FRAMEWORK_NODES = frozenset(
    {
        "__start__",
        "__end__",
        "tools_condition",
        "_write",
        "ChannelWrite",
        "ChannelRead",
        "RunnableSequence",
        "RunnableLambda",
        "RunnableParallel",
        "RunnableAssign",
        "RunnablePassthrough",
        "RunnableCallable",
        "RunnableBinding",
        "ChatPromptTemplate",
        "PromptTemplate",
        "StrOutputParser",
        "JsonOutputParser",
        "PydanticOutputParser",
    }
)
